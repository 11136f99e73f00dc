"""The ledger: everything governance knows, in PostgreSQL. Functions here take a connection inside a transaction."""
