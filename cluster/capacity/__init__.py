"""Who gets the devices: a pure policy, and the reconciler that applies it."""
