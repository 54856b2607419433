"""Redis as a cache: answers that were worked out before, and never the only copy of anything."""
