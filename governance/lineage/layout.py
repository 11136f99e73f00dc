"""Place the graph's boxes in columns, causes to the left of effects, with few crossing lines.

Every box stands one column right of the last of its causes (longest path); within a column boxes are ordered by the
mean place of their neighbours, swept to and fro a few times. Long lists of alike leaves become one box.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from governance.lineage.graph import Lineage
from governance.model import Artifact

BOX_WIDTH, BOX_HEIGHT = 168, 46
GAP_ACROSS, GAP_DOWN = 76, 18
MARGIN = 24
_SWEEPS = 6
_ID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Box:
    """One box: `tone` names its colour, `title` and `detail` are its two lines, x and y its upper left corner."""

    key: str
    tone: str
    title: str
    detail: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A drawing in pixels: boxes, arrows as pairs of boxes' keys, width and height."""

    boxes: Mapping[str, Box]
    arrows: tuple[tuple[str, str], ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Node:
    key: str
    tone: str
    title: str
    detail: str


def plan(lineage: Lineage, focus: str | None = None) -> Plan:
    """The whole graph laid out; the focus gets a tone of its own."""
    merged = _merge_alike(lineage, focus)
    nodes = _nodes(lineage, merged, focus)
    arrows = sorted(_arrows(lineage, merged))
    columns = _columns(nodes, arrows)
    _untangle(columns, arrows)
    height = max((len(column) for column in columns), default=0) * (BOX_HEIGHT + GAP_DOWN) - GAP_DOWN
    boxes = {
        box.key: box
        for across, column in enumerate(columns)
        for box in _placed([nodes[key] for key in column], across, height)
    }
    width = len(columns) * (BOX_WIDTH + GAP_ACROSS) - GAP_ACROSS
    return Plan(boxes, tuple(arrows), max(width, 0) + 2 * MARGIN, max(height, 0) + 2 * MARGIN)


def _merge_alike(lineage: Lineage, focus: str | None) -> dict[str, str]:
    """Each artifact's box: alike artifacts (same kind, causes, run and uses) share that of the first of them."""
    used_by: dict[str, list[str]] = defaultdict(list)
    for run in lineage.runs:
        for id in lineage.inputs(run):
            used_by[id].append(run)
    firsts: dict[tuple[object, ...], str] = {}
    boxes: dict[str, str] = {}
    for artifact in lineage.artifacts.values():
        alike = (
            artifact.kind,
            artifact.state,
            lineage.parents(artifact.id),
            artifact.run,
            lineage.children(artifact.id),
            tuple(used_by[artifact.id]),
            artifact.id if artifact.id == focus else None,
        )
        boxes[artifact.id] = firsts.setdefault(alike, artifact.id)
    return boxes


def _nodes(lineage: Lineage, merged: Mapping[str, str], focus: str | None) -> dict[str, _Node]:
    members: dict[str, list[Artifact]] = defaultdict(list)
    for artifact in lineage.artifacts.values():
        members[merged[artifact.id]].append(artifact)
    nodes = {key: _artifact_node(key, alike, key == focus) for key, alike in members.items()}
    for run in lineage.runs.values():
        nodes[run.id] = _Node(run.id, "run", run.purpose.value.replace("_", " "), f"{run.state} · {run.basis}")
    return nodes


def _artifact_node(key: str, alike: list[Artifact], focused: bool) -> _Node:
    first = alike[0]
    name = first.kind.value
    title = name if len(alike) == 1 else f"{len(alike)} {name}s"
    return _Node(key, "focus" if focused else name, title, f"{first.id[-_ID_DIGITS:]} · {first.state}")


def _arrows(lineage: Lineage, merged: Mapping[str, str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for run in lineage.runs:
        found |= {(merged[id], str(run)) for id in lineage.inputs(run)}
        found |= {(str(run), merged[id]) for id in lineage.outputs(run)}
    for artifact in lineage.artifacts.values():
        # A parent that the run used is shown through the run.
        maker = lineage.runs.get(artifact.run) if artifact.run else None
        through = lineage.inputs(maker.id) if maker else ()
        found |= {(merged[p], merged[artifact.id]) for p in lineage.parents(artifact.id) if p not in through}
    return {(a, b) for a, b in found if a != b}


def _columns(nodes: Iterable[str], arrows: Iterable[tuple[str, str]]) -> list[list[str]]:
    depth = dict.fromkeys(nodes, 0)
    ordered = list(arrows)
    # A graph of n boxes without circles settles within n rounds.
    for _ in depth:
        moved = False
        for cause, effect in ordered:
            if depth[effect] <= depth[cause]:
                depth[effect], moved = depth[cause] + 1, True
        if not moved:
            break
    _draw_near(depth, ordered)
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for key, column in depth.items():
        columns[min(column, len(columns) - 1)].append(key)
    return [column for column in columns if column]


def _draw_near(depth: dict[str, int], arrows: list[tuple[str, str]]) -> None:
    """Move what has no cause next to its first effect, so that its arrow does not run behind other boxes."""
    caused = {effect for _, effect in arrows}
    first: dict[str, int] = {}
    for cause, effect in arrows:
        if cause not in caused:
            first[cause] = min(first.get(cause, depth[effect]), depth[effect])
    for key, effect_depth in first.items():
        depth[key] = max(0, effect_depth - 1)


def _untangle(columns: list[list[str]], arrows: Iterable[tuple[str, str]]) -> None:
    neighbours: dict[str, list[str]] = defaultdict(list)
    for cause, effect in arrows:
        neighbours[cause].append(effect)
        neighbours[effect].append(cause)
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            places = {key: i / max(1, len(other) - 1) for other in columns for i, key in enumerate(other)}
            column.sort(key=lambda key: _mean([places[n] for n in neighbours[key]], places[key]))


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _placed(column: list[_Node], across: int, height: float) -> Iterable[Box]:
    own = len(column) * (BOX_HEIGHT + GAP_DOWN) - GAP_DOWN
    top = MARGIN + (height - own) / 2
    for down, node in enumerate(column):
        x = MARGIN + across * (BOX_WIDTH + GAP_ACROSS)
        yield Box(node.key, node.tone, node.title, node.detail, x, top + down * (BOX_HEIGHT + GAP_DOWN))
