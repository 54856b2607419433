"""One module, one queue, one process."""
