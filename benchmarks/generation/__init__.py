"""The generation engine against what others do: `python -m benchmarks.generation --help`."""
