"""Tables, sessions, named queries, migrations."""
