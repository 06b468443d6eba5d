"""Searches: the points tried, their budgets and gains, and what followed only noise."""
