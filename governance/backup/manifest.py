"""What a backup says of itself; no personal data in it."""

from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from governance.errors import Tampered

FORMAT: Final = "pixreunion.backup/1"
MANIFEST, LEDGER, BLOBS = "manifest.json", "ledger.sealed", "blobs"


class Manifest(BaseModel):
    """`sealed_secret`: the epoch's secret under its root key, in hexadecimal: without the root key it opens nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["pixreunion.backup/1"] = FORMAT
    id: str
    made_at: datetime
    epoch: int
    sealed_secret: str
    migrations: int
    blobs: int

    def binding(self) -> bytes:
        """What the sealed ledger is bound to."""
        return f"{self.format}|{self.id}|{self.epoch}|{self.migrations}".encode()


def read_manifest(folder: Path) -> Manifest:
    """Raises `Tampered` for anything else than a whole backup."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise Tampered(f"{folder} is not a whole backup: its {MANIFEST} is missing or malformed") from error
