"""Networks put together: a model, operators at its sites, weights; with memory or without."""
