"""How one engine is sized; composed by whoever builds it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from serve_apps.engine.model import Size


class Execution(StrEnum):
    """How the denoiser is run: as it is, compiled once per batch bucket, or compiled and captured as CUDA graphs."""

    EAGER = "eager"
    COMPILED = "compiled"
    GRAPHED = "graphed"


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Sizes and limits of an engine.

    `max_rows` counts rows of the UNet's batch: a request with guidance takes two. `row_buckets` are the batch sizes
    that compiled code is made for (the last is `max_rows`); eager code runs the exact number. `memory_bytes` bounds
    what activations may take (None: only `max_rows` bounds). `slots` adapters are resident per rank bucket.
    `targets` are ends of the paths of the UNet's layers that adapters may reach (empty: every one); compiled code
    pays for all of them, eager code for those in use. `exact_pictures` hands back pictures before rounding, too, for
    measuring.
    """

    sizes: tuple[Size, ...] = (Size(512, 512),)
    max_rows: int = 16
    row_buckets: tuple[int, ...] = (1, 2, 4, 6, 8, 12, 16)
    execution: Execution = Execution.EAGER
    compile_backend: str = "inductor"
    memory_bytes: int | None = None
    slots: int = 24
    rank_buckets: tuple[int, ...] = (4, 8, 16, 32)
    targets: tuple[str, ...] = ()
    host_cache_bytes: int = 2 << 30
    fetch_threads: int = 4
    prefetch_ahead: int = 32
    max_waiting: int = 512
    max_steps: int = 150
    max_partial_images: int = 8
    decode_batch: int = 4
    exact_pictures: bool = False

    def __post_init__(self) -> None:
        buckets = self.row_buckets
        if list(buckets) != sorted(set(buckets)) or not buckets or buckets[-1] != self.max_rows:
            raise ValueError(f"row_buckets must rise and end with max_rows={self.max_rows}, not {buckets}")
        if self.max_rows < 2:
            raise ValueError("max_rows must be at least 2: a request with guidance takes two rows")
        if self.slots < self.max_rows:
            raise ValueError(f"slots={self.slots} must be at least max_rows={self.max_rows}: rows pin what they use")
        if not self.sizes:
            raise ValueError("sizes must name at least one resolution")

    def bucket(self, rows: int) -> int:
        """The batch size that `rows` rows run as: exactly that many, or the next bucket for compiled code."""
        if self.execution is Execution.EAGER:
            return rows
        return next(bucket for bucket in self.row_buckets if bucket >= rows)
