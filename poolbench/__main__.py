"""``python -m poolbench``."""

from poolbench.cli.main import main

main()
