"""Benchmarks: ours and the peer, interleaved in one process. One file a benchmark."""
