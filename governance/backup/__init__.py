"""Backup and restore (I8).

A backup is a folder: `manifest.json`, the ledger sealed under a key of its epoch, and the sealed bytes as they lie in
the bucket. When the epoch ends its root key is destroyed, and the backup cannot be read by anybody: make a new one
after each rotation. A restore replays every erasure of the journal before anything can be served.
"""
