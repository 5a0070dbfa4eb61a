"""What the end-to-end and fault tests share. Python's standard library and the host's programs only."""
