"""Charts as pictures: one function a kind of chart. Reading this imports no matplotlib."""
