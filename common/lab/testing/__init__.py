"""What `lab test` runs, and against what."""
