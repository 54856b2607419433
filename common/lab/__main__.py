"""Where `python -m lab` starts."""

from lab.cli.main import main

main()
