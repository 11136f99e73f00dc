"""The adapters' side of a base model: one stack over the UNet and one over each text encoder, slots in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import Tensor

from serve_apps.engine.config import EngineConfig, Execution
from serve_apps.engine.hostcache import HostAdapter
from serve_apps.engine.layout import empty
from serve_apps.engine.pacing import Mark, marker_of
from serve_apps.engine.rowstack import RowStack
from training.engine.base import BaseModel
from training.engine.errors import RankTooLarge, UnknownTarget
from training.engine.formats import AdapterWeights, LayerWeights, parse
from training.engine.names import Component, NameBook

_TEXT = (Component.TEXT_ENCODER, Component.TEXT_ENCODER_2)


@dataclass(slots=True, eq=False)
class ParsedAdapter:
    """An adapter in host memory, laid out as its slots are: one vector per component, cut at its last layer."""

    rank: int
    flats: dict[Component, Tensor] = field(repr=False)
    paths: dict[Component, frozenset[str]] = field(repr=False)
    copied: Mark | None = None
    """Where the device's queue ends with its last copy from here."""

    @property
    def nbytes(self) -> int:
        return sum(flat.nbytes for flat in self.flats.values())

    def wipe(self) -> None:
        """Overwrite all of it with zeros, once a copy to the device that is queued has been made."""
        if self.copied is not None:
            self.copied.synchronize()
        for flat in self.flats.values():
            flat.zero_()


class Stacks:
    """Loads, evicts and chooses adapters for all components of one base model at once.

    The base model's layers are replaced in place. Raises `UnknownTarget` when no layer matches `config.targets`.
    """

    def __init__(self, base: BaseModel, config: EngineConfig) -> None:
        eager = config.execution is Execution.EAGER
        self._ranks = config.rank_buckets
        self._pinned = base.device.type == "cuda"
        self._marker = marker_of(base.device)
        self._interned: dict[frozenset[str], frozenset[str]] = {}
        # The names of files are resolved against the base model's own layers, before they are replaced.
        self._names = NameBook(base.modules)
        self._unet = RowStack(
            base.unet, config.targets, config.rank_buckets, config.slots, config.max_rows, skip_unused=eager
        )
        # A prompt and its negative each take a row of the text encoder, for everyone who joins at one step.
        self._text = {
            name: RowStack(encoder, (), config.rank_buckets, config.slots, 2 * config.max_rows, skip_unused=True)
            for name, encoder in zip(_TEXT, base.text_encoders, strict=False)
        }
        if not self._unet.targets:
            raise UnknownTarget(f"targets {config.targets} match no layer of this base model's UNet")

    @property
    def _all(self) -> dict[Component, RowStack]:
        return {Component.UNET: self._unet, **self._text}

    @property
    def row_copies(self) -> int:
        """How often a row of the batch was given another adapter."""
        return self._unet.row_copies

    def parse(self, data: bytes | bytearray) -> ParsedAdapter:
        """An adapter file, checked against the base model and laid out; the bytes of a bytearray are zeroed.

        Raises `AdapterFileError`, `RankTooLarge` or `UnknownTarget`, naming what does not fit. Any thread may call.
        """
        weights = parse(data, self._names)
        try:
            return self._laid_out(weights)
        finally:
            weights.wipe()

    def slots_for(self, adapter: HostAdapter) -> range:
        """The slot numbers of the adapter's rank bucket."""
        assert isinstance(adapter, ParsedAdapter), "only adapters parsed here are loaded here"
        return self._unet.slots_of(adapter.rank)

    def load(self, slot: int, adapter: HostAdapter) -> None:
        """Copy the adapter into `slot` of every component it reaches."""
        assert isinstance(adapter, ParsedAdapter), "only adapters parsed here are loaded here"
        for name, flat in adapter.flats.items():
            self._all[name].load(slot, flat, adapter.paths[name])
        if self._marker is not None:
            adapter.copied = self._marker()

    def evict(self, slot: int) -> None:
        """Zero `slot` in every component."""
        for stack in self._all.values():
            stack.evict(slot)

    def for_denoising(self, slots: list[int]) -> int:
        """The adapters of the UNet's coming rows; returns the rank bucket that its layers show."""
        return self._unet.choose(slots)

    def show_each_rank(self) -> Iterator[int]:
        """Give the UNet's layers the (empty) rows of each rank bucket in turn."""
        for rank in self._ranks:
            self._unet.show(rank)
            yield rank

    def for_text(self, slots: list[int]) -> None:
        """The adapters of the prompts about to be encoded."""
        for stack in self._text.values():
            stack.choose(slots)

    def _laid_out(self, weights: AdapterWeights) -> ParsedAdapter:
        rank = self._bucket(weights.rank)
        flats, paths = {}, {}
        for component, layers in weights.layers.items():
            self._check(component, layers)
            flats[component] = self._lay_out(self._all[component], rank, layers)
            paths[component] = self._intern(frozenset(layers))
        return ParsedAdapter(rank, flats, paths)

    def _check(self, component: Component, layers: dict[str, LayerWeights]) -> None:
        closed = sorted(path for path in layers if path not in self._all[component].targets)
        if closed:
            shown = ", ".join(closed[:5])
            raise UnknownTarget(f"{len(closed)} layers of {component} are not open to adapters here: {shown}")

    def _bucket(self, rank: int) -> int:
        fitting = [bucket for bucket in self._ranks if bucket >= rank]
        if not fitting:
            raise RankTooLarge(rank, max(self._ranks))
        return min(fitting)

    def _lay_out(self, stack: RowStack, rank: int, layers: dict[str, LayerWeights]) -> Tensor:
        layout = stack.layouts[rank]
        flat = empty(layout.extent_of(layers), stack.dtype, pinned=self._pinned)
        layout.write(flat, {path: (layer.A, layer.B, layer.scale) for path, layer in layers.items()})
        return flat

    def _intern(self, paths: frozenset[str]) -> frozenset[str]:
        return self._interned.setdefault(paths, paths)
