"""Many nodes: a simulated day with the real policies, and what was measured on the rack of `make test-cluster`."""
