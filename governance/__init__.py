"""Governance: the only door to personal data (lineage, keys, leases, erasure, expiry, evidence)."""
