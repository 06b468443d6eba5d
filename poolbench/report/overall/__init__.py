"""What the conditions of a study show together: a condition is a network and a data set."""
