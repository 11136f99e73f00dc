"""Erasures by the hundred under faults, and a count of what they left behind; it should be 0 (see `__main__.py`)."""
