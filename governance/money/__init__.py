"""Credits and payments: an append-only double-entry ledger with holds, and the orders that fill it.

    order ─ paid at the payment processor ─▶ purchase ─▶ available ─ hold ─▶ held ─┬ capture ─▶ spent
                                                             ▲─────── release ─────┘
Nothing is produced without a hold, taken in the transaction that queues the work; how much of it is captured follows
from what the work left behind, never from what a process remembered to say.
"""
