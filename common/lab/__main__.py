"""Where `python -m lab` starts."""
