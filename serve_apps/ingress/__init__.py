"""The HTTP interface: FastAPI under `/v1`. `app.create_app(services)` builds it, in Ray Serve and in tests alike."""
