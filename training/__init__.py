"""Training: the demo world's base model and the worker pool that learns a person."""
