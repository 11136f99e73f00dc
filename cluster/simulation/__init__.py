"""A day of a large cluster, simulated with the policies that run the real one."""
