"""One machine of a cluster: its settings, its secrets, its certificate, and Ray started on it."""
