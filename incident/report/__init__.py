"""The after-action report: built from the record, then rendered."""
