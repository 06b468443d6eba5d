"""Weights that networks start from: finding their files, and reading them as data only."""
