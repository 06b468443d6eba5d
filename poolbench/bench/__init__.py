"""Benchmarks of our code and its peers, interleaved in one process; one file per benchmark."""
