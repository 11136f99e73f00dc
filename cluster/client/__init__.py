"""The client side: a typed client of the HTTP API, and where it keeps its token."""
