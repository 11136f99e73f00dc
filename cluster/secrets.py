"""The secrets of one installation: drawn once, kept in a file that its owner alone can read."""

import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cluster.errors import DiskUnusable


def _draw() -> str:
    return secrets.token_hex(32)


class Secrets(BaseModel):
    """Passwords of the embedded servers. Hex text of 32 random bytes each."""

    model_config = ConfigDict(frozen=True)

    postgres_password: str = Field(default_factory=_draw, repr=False)
    s3_access_key: str = Field(default_factory=lambda: secrets.token_hex(10), repr=False)
    s3_secret_key: str = Field(default_factory=_draw, repr=False)
    s3_signing: str = Field(default_factory=_draw, repr=False)

    @classmethod
    def load_or_draw(cls, path: Path) -> "Secrets":
        """The stored secrets; draws and stores them the first time. Raises DiskUnusable for a damaged file.

        A damaged file is never replaced: new keys would make everything stored so far unreadable.
        """
        if not path.exists():
            return cls()._store(path)
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise DiskUnusable(
                f"{path} is damaged.", "Restore it from a backup; without it nothing stored here can be read."
            ) from error

    def _store(self, path: Path) -> "Secrets":
        write_private(path, self.model_dump_json())
        return self


def write_private(path: Path, content: str | bytes) -> None:
    """Writes a file that its owner alone can read, whole or not at all."""
    half = path.with_name(f"{path.name}.new")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    half.write_bytes(content.encode() if isinstance(content, str) else content)
    half.replace(path)
