"""Suite files: YAML text to a checked study, with every fault at its line and column."""
