"""Builds an engine's parts for one base model and hands each its collaborators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from serve_apps.engine.batcher import Batcher, Listener
from serve_apps.engine.config import EngineConfig
from serve_apps.engine.denoiser import Denoiser
from serve_apps.engine.fetching import Fetch, Fetcher
from serve_apps.engine.hostcache import HostCache
from serve_apps.engine.lane import Lane, LaneShape
from serve_apps.engine.memory import bytes_per_row
from serve_apps.engine.model import AdapterId, Size
from serve_apps.engine.pacing import Pace, marker_of
from serve_apps.engine.samplers import SamplerBook
from serve_apps.engine.slots import AdapterLibrary
from serve_apps.engine.stacks import Stacks
from serve_apps.engine.text import TextEncoding
from training.engine.base import BaseModel


@dataclass(frozen=True, slots=True)
class Parts:
    """The engine's parts, wired."""

    batcher: Batcher
    library: AdapterLibrary
    stacks: Stacks
    text: TextEncoding
    book: SamplerBook
    denoiser: Denoiser
    cells: dict[Size, int]


def build_batcher(
    base: BaseModel,
    config: EngineConfig,
    fetch: Fetch,
    released: Callable[[AdapterId], None],
    clock: Callable[[], float],
    listener: Listener,
    ready: Callable[[], None],
) -> Parts:
    """Everything `Engine` drives; `ready` is called when a fetched adapter can be collected."""
    stacks = Stacks(base, config)
    fetcher = Fetcher(fetch, stacks.parse, config.fetch_threads, ready)
    library = AdapterLibrary(stacks, HostCache(config.host_cache_bytes), fetcher, released)
    text = TextEncoding(base)
    denoiser = Denoiser(base.unet, config.execution, config.compile_backend)
    device, dtype = base.device, base.dtype
    lanes = {size: Lane(shape_of(base, size, config.max_rows), device, dtype) for size in config.sizes}
    row_bytes = {} if config.memory_bytes is None else {s: _row_bytes(lane, denoiser) for s, lane in lanes.items()}
    book = SamplerBook(base.scheduler_config)
    pace = Pace(marker_of(device), clock)
    batcher = Batcher(config, lanes, library, text, denoiser, stacks, row_bytes, listener, pace, clock)
    cells = {size: lane.shape.height * lane.shape.width for size, lane in lanes.items()}
    return Parts(batcher, library, stacks, text, book, denoiser, cells)


def shape_of(base: BaseModel, size: Size, capacity: int) -> LaneShape:
    """The buffers' shapes for pictures of `size`; raises `ValueError` when the base cannot make that size."""
    per_pixel = base.pixels_per_latent
    coarsest = per_pixel * 2 ** (len(base.unet.config.block_out_channels) - 1)
    if size.height % coarsest or size.width % coarsest:
        raise ValueError(f"size {size}: both sides must be multiples of {coarsest} for this base model")
    pooled = int(base.text_encoders[-1].config.projection_dim) if base.is_xl else None
    return LaneShape(
        size=size,
        capacity=capacity,
        channels=int(base.unet.config.in_channels),
        height=size.height // per_pixel,
        width=size.width // per_pixel,
        tokens=int(base.tokenizers[0].model_max_length),
        text_width=int(base.unet.config.cross_attention_dim),
        pooled=pooled,
    )


def _row_bytes(lane: Lane, denoiser: Denoiser) -> int:
    def run(rows: int) -> torch.Tensor:
        return denoiser.eagerly(lane.views(rows, rows))[0]

    return bytes_per_row(run)
