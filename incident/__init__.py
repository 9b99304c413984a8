"""The service: all state, the door, delivery, the report, the web, the command line."""
