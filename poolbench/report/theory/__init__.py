"""Subpool maxes, ReLU networks and smooth maxima, as tables and charts."""
