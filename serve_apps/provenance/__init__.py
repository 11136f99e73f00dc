"""Where pictures come from: an imperceptible watermark and signed credentials, put in and read back."""
