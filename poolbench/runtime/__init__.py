"""Running cells: workers, the session they share, training and probing of one cell."""
