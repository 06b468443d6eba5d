"""What crosses borders: cells, catalogues, events, errors. Depends on nothing else in poolbench."""
