"""What the chaos test consists of: the jobs, the trouble that they get into, and what may be left of it."""
