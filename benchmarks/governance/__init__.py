"""How fast governance is: `python -m benchmarks.governance [--scale N] [--only NAME…] [--json]`."""
