"""The scales that diffusers and PEFT keep beside the tensors, in a file's metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from training.engine.errors import BrokenFile, UnsupportedKey

_KEY = "lora_adapter_metadata"


class PeftScales:
    """Scale of each layer: alpha over rank, or over its square root; 1 where the file says nothing."""

    def __init__(self, metadata: Mapping[str, str]) -> None:
        self._settings: dict[str, Any] = {}
        if _KEY not in metadata:
            return
        try:
            self._settings = dict(json.loads(metadata[_KEY]))
        except (TypeError, ValueError):
            raise BrokenFile(f"the metadata under {_KEY!r} is no JSON table") from None
        for key, value in self._settings.items():
            if key.endswith("use_dora") and value:
                raise UnsupportedKey(key, "DoRA")

    def of(self, component: str, path: str, rank: int) -> float:
        """The scale of one layer of this rank."""
        patterns = self._settings.get(f"{component}.alpha_pattern") or {}
        alpha = self._settings.get(f"{component}.lora_alpha", rank)
        for pattern, value in patterns.items():
            if re.fullmatch(rf"(.*\.)?({pattern})", path):
                alpha = value
                break
        root = bool(self._settings.get(f"{component}.use_rslora"))
        return float(alpha) / (rank**0.5 if root else rank)
