"""Use cases: one file each, as the commands name them. None loads torch when it is imported."""
