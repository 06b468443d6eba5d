"""Tables and charts of operators on small inputs: derivatives, and precision."""
