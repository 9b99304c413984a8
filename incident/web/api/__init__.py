"""The JSON API under /api/v1: its own door to the same use cases as the pages."""
