"""Benchmarks: ours and the peer's, interleaved in one process. One file per benchmark."""
