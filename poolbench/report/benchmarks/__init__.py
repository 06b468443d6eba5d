"""Tables of benchmarks: one file per benchmark, and shared cells."""
