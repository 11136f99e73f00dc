"""What people are to the service: the notices they get, their standing, their consents."""
