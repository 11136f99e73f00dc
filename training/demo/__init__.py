"""The demo world: synthetic people, a small base model trained on them, and what measures both."""
