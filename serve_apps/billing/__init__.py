"""What things cost, and how packs of credits are paid for. Card details never come here: the client gives them to the
payment processor itself, with the secret of one payment."""
