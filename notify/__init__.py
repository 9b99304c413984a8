"""Carriers: SMS and email out, receipts and replies in. Knows no incident, no database, no queue."""
