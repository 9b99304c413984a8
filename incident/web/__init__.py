"""The web: pages, API, hooks."""
