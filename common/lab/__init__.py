"""The lab command: runs, tests and measures the phases."""
