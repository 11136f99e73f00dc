"""What every batch at the gate needs."""

from dataclasses import dataclass

from governance.clock import Clock
from governance.policy import Policy
from governance.vault.keyring import Keyring


@dataclass(frozen=True, slots=True)
class GateContext:
    policy: Policy
    keys: Keyring
    clock: Clock
