"""What this machine can run, what it lacks, and what earlier runs have left: `lab doctor`."""
