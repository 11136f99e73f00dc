"""The adapters' side of a base model: one stack over the UNet and one over each text encoder, slots in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from serve_apps.engine.adapterfile import Layers, UnusableAdapter, read
from serve_apps.engine.config import EngineConfig, Execution
from serve_apps.engine.hostcache import HostAdapter
from serve_apps.engine.layout import empty, same_shape
from serve_apps.engine.rowstack import RowStack

_TEXT = ("text_encoder", "text_encoder_2")


class Components(Protocol):
    """The modules that adapters reach."""

    @property
    def unet(self) -> Any: ...

    @property
    def text_encoders(self) -> list[Any]: ...


@dataclass(slots=True, eq=False)
class ParsedAdapter:
    """An adapter in host memory, laid out as its slots are: one vector per component, cut at its last layer."""

    rank: int
    flats: dict[str, Tensor] = field(repr=False)
    paths: dict[str, frozenset[str]] = field(repr=False)

    @property
    def nbytes(self) -> int:
        return sum(flat.nbytes for flat in self.flats.values())

    def wipe(self) -> None:
        for flat in self.flats.values():
            flat.zero_()


class Stacks:
    """Loads, evicts and chooses adapters for all components of one base model at once.

    The base model's layers are replaced in place. Raises `ValueError` when no layer matches `config.targets`.
    """

    def __init__(self, base: Components, config: EngineConfig) -> None:
        eager = config.execution is Execution.EAGER
        self._ranks = config.rank_buckets
        self._pinned = base.unet.device.type == "cuda"
        self._interned: dict[frozenset[str], frozenset[str]] = {}
        self._unet = RowStack(
            base.unet, config.targets, config.rank_buckets, config.slots, config.max_rows, skip_unused=eager
        )
        # A prompt and its negative each take a row of the text encoder, for everyone who joins at one step.
        self._text = {
            name: RowStack(encoder, (), config.rank_buckets, config.slots, 2 * config.max_rows, skip_unused=True)
            for name, encoder in zip(_TEXT, base.text_encoders, strict=False)
        }
        if not self._unet.targets:
            raise ValueError(f"targets {config.targets} match no layer of this base model's UNet")

    @property
    def _all(self) -> dict[str, RowStack]:
        return {"unet": self._unet, **self._text}

    @property
    def row_copies(self) -> int:
        """How often a row of the batch was given another adapter."""
        return self._unet.row_copies

    def parse(self, data: bytes | bytearray) -> ParsedAdapter:
        """An adapter file, checked against the base model and laid out; raises `UnusableAdapter`. Any thread."""
        components = read(data, self._all)
        self._check(components)
        rank = self._bucket(max(a.shape[0] for layers in components.values() for a, _ in layers.values()))
        flats, paths = {}, {}
        for name, layers in components.items():
            if layers:
                flats[name] = self._lay_out(self._all[name], rank, layers)
                paths[name] = self._intern(frozenset(layers))
        return ParsedAdapter(rank, flats, paths)

    def slots_for(self, adapter: HostAdapter) -> range:
        """The slot numbers of the adapter's rank bucket."""
        assert isinstance(adapter, ParsedAdapter), "only adapters parsed here are loaded here"
        return self._unet.slots_of(adapter.rank)

    def load(self, slot: int, adapter: HostAdapter) -> None:
        """Copy the adapter into `slot` of every component it reaches."""
        assert isinstance(adapter, ParsedAdapter), "only adapters parsed here are loaded here"
        for name, flat in adapter.flats.items():
            self._all[name].load(slot, flat, adapter.paths[name])

    def evict(self, slot: int) -> None:
        """Zero `slot` in every component."""
        for stack in self._all.values():
            stack.evict(slot)

    def for_denoising(self, slots: list[int]) -> None:
        """The adapters of the UNet's coming rows."""
        self._unet.choose(slots)

    def for_text(self, slots: list[int]) -> None:
        """The adapters of the prompts about to be encoded."""
        for stack in self._text.values():
            stack.choose(slots)

    def _check(self, components: dict[str, Layers]) -> None:
        wrong = []
        for name, layers in components.items():
            targets = self._all[name].targets
            for path, (a, b) in layers.items():
                target = targets.get(path)
                if target is None or not same_shape(target, a, b):
                    wrong.append(f"{name}.{path}")
        if wrong:
            shown = ", ".join(sorted(wrong)[:5])
            raise UnusableAdapter(f"{len(wrong)} layers do not match this base model: {shown}")

    def _bucket(self, rank: int) -> int:
        fitting = [bucket for bucket in self._ranks if bucket >= rank]
        if not fitting:
            raise UnusableAdapter(f"rank {rank} is above the largest served here, {max(self._ranks)}")
        return min(fitting)

    def _lay_out(self, stack: RowStack, rank: int, layers: Layers) -> Tensor:
        layout = stack.layouts[rank]
        flat = empty(layout.extent_of(layers), stack.dtype, pinned=self._pinned)
        layout.write(flat, layers)
        return flat

    def _intern(self, paths: frozenset[str]) -> frozenset[str]:
        return self._interned.setdefault(paths, paths)
