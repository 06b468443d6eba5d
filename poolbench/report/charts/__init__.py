"""Charts as pictures: one function per kind of chart. Importing this loads no matplotlib."""
