"""Pure rules and words of the trade: incident, people, clocks, replies, codes."""
