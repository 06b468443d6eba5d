"""Results of trained networks: tables and charts of accuracy, learning, drift and comparisons."""
