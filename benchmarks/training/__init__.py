"""Side-by-side measurements of training: packed, one at a time, and diffusers' plain loop."""
