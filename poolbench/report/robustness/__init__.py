"""What probes found: accuracy over image sizes and attacks, as tables and charts."""
