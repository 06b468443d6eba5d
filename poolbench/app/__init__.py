"""Use cases: one file each. Here, and only here, the light and the torch column meet."""
