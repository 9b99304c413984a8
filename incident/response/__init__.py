"""The door: every use case that changes an incident, a module per activity."""
