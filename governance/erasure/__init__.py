"""Erasure and expiry: one fence, then steps that any process can resume.

 fence ──► holders drop ──► bytes ──► rows ──► processors ──► scan ──► certificate
fenced      dropped        deleted   scrubbed  notified     scanned    completed
"""
