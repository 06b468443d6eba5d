"""Use cases: one file each, named like the commands. Importing them does not load torch."""
