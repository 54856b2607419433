"""Events between processes: outbox, relay, topology and consumers. It knows of no event by name."""
