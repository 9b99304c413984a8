"""The outbox: claim, send, record; receipts, inbound, reconciliation."""
