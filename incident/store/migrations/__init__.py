"""The way of the schema from nothing to now, step by step, up and down."""
