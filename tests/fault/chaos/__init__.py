"""The parts of the chaos test: the jobs, the trouble, and the checks for leaks."""
