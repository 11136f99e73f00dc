"""The main job shown from end to end, on real parts: what `make run` does."""
