"""Keys and ciphers: what is stored is sealed, and destroying a key erases what it sealed."""
