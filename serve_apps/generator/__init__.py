"""The generator: the engine and its plaintext behind one interface, in Ray Serve or in process."""
