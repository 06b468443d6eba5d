"""What operators make of small inputs, as tables and charts: credit, and precision."""
