"""The processes of the service: web server, workers, clock, and the parent that keeps them running."""
