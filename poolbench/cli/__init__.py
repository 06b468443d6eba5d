"""The command line: arguments in, ``app`` called, exit code out."""
