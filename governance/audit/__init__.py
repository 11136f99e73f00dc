"""Evidence: a Merkle log of every change of state, signed checkpoints, and erasure certificates that verify offline.

`leaf` says what may be recorded, `merkle` hashes it, `store` keeps it, `log` appends and proves, `checkpoint` signs
the tree, `certificate` writes down one erasure and `verify` checks such a file with no server at hand.
"""
