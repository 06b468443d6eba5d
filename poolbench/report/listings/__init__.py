"""What there is: catalogues, suites, runs, the machine, the plan of a study, as tables."""
