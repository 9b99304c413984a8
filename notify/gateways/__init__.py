"""Domestic SMS gateways, each described in a file: how to send, what the answers mean, how callbacks are proven and read."""
