"""Usage statistics (P3.7): sums by day, from which nobody can be told."""
