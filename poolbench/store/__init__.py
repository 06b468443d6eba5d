"""The run store: content-addressed, atomic, checksummed, locked by the kernel. Loads no torch."""
