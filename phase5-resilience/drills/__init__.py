"""Phase 0's measured experiments: what it is compared with, and how it is hurt."""
