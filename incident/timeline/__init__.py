"""The append-only ledger, its verification, and the telling of an entry in words."""
