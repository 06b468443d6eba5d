"""What packages share: cells, catalogues, events, errors. Imports nothing else from poolbench."""
