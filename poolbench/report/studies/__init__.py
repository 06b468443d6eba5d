"""What trained networks show: tables and charts of accuracy, learning, drift and comparisons."""
