"""Load on a phase: what people do, how often, what it costs, and how that is told."""
