"""Real processes killed with -9: nothing may be lost, nothing may go twice."""
