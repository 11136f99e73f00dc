"""What happened, told to whoever follows it: a numbered log of ids and states, and webhooks that it is sent to."""
