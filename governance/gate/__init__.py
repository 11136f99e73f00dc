"""The gate: register before write, commit, grant. Each file applies one batch of many callers' operations."""
