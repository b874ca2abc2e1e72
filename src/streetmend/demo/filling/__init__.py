"""Sample reports in bulk, for benchmarks and for trying out a large site: rows as the services would have left them."""
