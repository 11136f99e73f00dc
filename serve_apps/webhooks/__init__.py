"""Events sent to clients by the conventions of Standard Webhooks: signed, tried again for days, never into a private
network."""
