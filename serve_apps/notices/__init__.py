"""E-mails to people: their texts in every language, the relay, and the desk that empties the outbox."""
