"""Angle contraction at initialisation, as tables and charts."""
