"""What benchmarks have found, as tables: one file each, and the cells that they share."""
