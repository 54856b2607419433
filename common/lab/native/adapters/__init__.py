"""What official images do, done by servers of this machine: one module for each image."""
