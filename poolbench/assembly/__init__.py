"""Building networks: a model, operators at its sites, weights; or on the meta device."""
