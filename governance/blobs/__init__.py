"""Sealed bytes in a versioned bucket."""
