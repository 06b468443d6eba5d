"""Tables of catalogues, suites, runs, sites, and the machine."""
