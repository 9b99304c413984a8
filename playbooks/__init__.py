"""The playbook language and its engine. Pure: no clock, no I/O beyond reading playbook files, no database."""
