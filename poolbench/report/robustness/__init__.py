"""Results of probes: accuracy over image sizes and attacks, as tables and charts."""
