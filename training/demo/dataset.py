"""Renders a range of people into arrays on disk, once, in parallel; training then only reads."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from training.demo.captions import varied_caption
from training.demo.people import person
from training.demo.render import SIZE, pixels
from training.demo.scene import Background, Expression, Shirt, variation
from training.demo.seeds import SeedRange

_BACKGROUNDS, _SHIRTS, _EXPRESSIONS = list(Background), list(Shirt), list(Expression)


@dataclass(frozen=True, slots=True)
class DatasetConfig:
    """How many people of a range are drawn, and how many pictures of each."""

    people: int = 10_000
    pictures: int = 6
    size: int = SIZE
    seed: int = 0
    processes: int = 2


@dataclass(frozen=True, slots=True)
class Dataset:
    """Portraits and what they show. n pictures of `size` pixels, ordered by person.

    images: uint8 (n, size, size, 3) · labels: int64 (n, 3) indices of background, shirt, expression
    · people: int64 (n,) index of the person · boxes: float32 (n, 3) shift x, shift y (1/64) and scale.
    """

    images: np.ndarray
    labels: np.ndarray
    people: np.ndarray
    boxes: np.ndarray
    captions: list[str]


def draw_people(seeds: list[int], config: DatasetConfig) -> Dataset:
    """Draws the given people in this process."""
    images, labels, boxes, captions = [], [], [], []
    for seed in seeds:
        who, rng = person(seed), np.random.default_rng([0xDA7A, config.seed, seed])
        for _ in range(config.pictures):
            how = variation(rng)
            images.append(pixels(who, how, config.size))
            labels.append(
                (_BACKGROUNDS.index(how.background), _SHIRTS.index(how.shirt), _EXPRESSIONS.index(how.expression))
            )
            boxes.append((how.shift_x, how.shift_y, how.scale))
            captions.append(varied_caption(rng, who, how))
    people = np.repeat(np.asarray(seeds, dtype=np.int64), config.pictures)
    return Dataset(np.stack(images), np.asarray(labels), people, np.asarray(boxes, dtype=np.float32), captions)


def _join(parts: list[Dataset]) -> Dataset:
    return Dataset(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.people for part in parts]),
        np.concatenate([part.boxes for part in parts]),
        [text for part in parts for text in part.captions],
    )


def draw(seeds: SeedRange, config: DatasetConfig) -> Dataset:
    """Draws the first people of a range, in several processes when the config says so."""
    wanted = [seeds.seed(i) for i in range(config.people)]
    if config.processes <= 1:
        return draw_people(wanted, config)
    chunks = [wanted[i : i + 100] for i in range(0, len(wanted), 100)]
    with ProcessPoolExecutor(config.processes) as pool:
        return _join(list(pool.map(draw_people, chunks, [config] * len(chunks))))


def load_or_draw(folder: Path, seeds: SeedRange, config: DatasetConfig) -> Dataset:
    """The dataset kept in `folder`, drawn first when it is not there or was drawn with other settings."""
    wanted = {**asdict(config), "range": seeds.name}
    wanted.pop("processes")
    note = folder / "dataset.json"
    if note.exists() and json.loads(note.read_text())["config"] == wanted:
        return _load(folder)
    dataset = draw(seeds, config)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("images", "labels", "people", "boxes"):
        np.save(folder / f"{name}.npy", getattr(dataset, name))
    note.write_text(json.dumps({"config": wanted, "captions": dataset.captions}))
    return dataset


def _load(folder: Path) -> Dataset:
    arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "labels", "people", "boxes")]
    captions = json.loads((folder / "dataset.json").read_text())["captions"]
    return Dataset(arrays[0], np.asarray(arrays[1]), np.asarray(arrays[2]), np.asarray(arrays[3]), captions)
