"""Where governance is called, and what a call is: all that a caller and the actor must agree on.

Apart from the actor, whose service loads PostgreSQL's and the processors' clients: a process that only calls starts
without them.
"""

from typing import Any

NAME = "governance"
NAMESPACE = "pixreunion"

Call = tuple[str, tuple[Any, ...], dict[str, Any]]
"""The name of a method of `api.Governance` with its arguments."""
