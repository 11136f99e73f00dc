"""From one laptop to many nodes: the command line, settings, embedded servers, Ray and its deployment."""
