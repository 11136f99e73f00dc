"""`python -m training` on a folder of photos: what comes out, what is said, and how it goes on after a stop."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from diffusers import StableDiffusionPipeline
from typer import Typer
from typer.testing import CliRunner

from tests.integration.pool.tiny import photo
from training.__main__ import main
from training.config import BaseModelSettings, PreviewSettings
from training.errors import InvalidJob
from training.operator import CHECKPOINT, News, Order, make

QUICK = {"steps": 6, "rank": 4, "batch": 2, "learning_rate": 0.005}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(photo(number))
    (folder / "1.txt").write_text("a person by the sea")
    return folder


@pytest.fixture
def order(photos: Path, tiny_base: Path, tmp_path: Path) -> Order:
    base = BaseModelSettings(path=str(tiny_base), threads=1)
    return Order(photos, tmp_path / "out", base, params=QUICK, preview=PreviewSettings(prompts=("a b",), steps=2))


def test_a_folder_becomes_a_standard_adapter_previews_and_a_report(order: Order, tiny_base: Path) -> None:
    seen: list[News] = []
    made = make(order, seen.append)
    assert made is not None
    assert [news.step for news in seen] == [1, 2, 3, 4, 5, 6]
    assert (seen[-1].seconds_left, made.score) == (0.0, None)
    page = made.report.read_text()
    assert page.count("<svg") == 1
    assert page.count("data:image/png") == 1
    assert {file.stat().st_mode & 0o077 for file in (made.adapter, made.report, *made.previews)} == {0}
    pipeline = StableDiffusionPipeline.from_pretrained(tiny_base)
    pipeline.load_lora_weights(order.out, weight_name=made.adapter.name)
    assert pipeline.get_active_adapters()


class Stopped(Exception):
    """The operator had enough."""


def test_a_second_call_goes_on_from_the_checkpoint_to_the_same_adapter(order: Order, tmp_path: Path) -> None:
    whole = make(order, lambda _: None)
    assert whole is not None
    again = replace(order, out=tmp_path / "again", checkpoint_steps=2)
    first: list[News] = []

    def tell(news: News) -> None:
        first.append(news)
        if news.step == 5:
            raise Stopped

    with pytest.raises(Stopped):
        make(again, tell)
    assert (again.out / CHECKPOINT).stat().st_mode & 0o077 == 0
    second: list[News] = []
    made = make(again, second.append)
    assert made is not None
    assert [news.step for news in second] == [5, 6]
    assert made.adapter.read_bytes() == whole.adapter.read_bytes()
    assert not (again.out / CHECKPOINT).exists()


def test_regularisation_pictures_change_what_is_learned(order: Order, photos: Path, tmp_path: Path) -> None:
    plain = make(order, lambda _: None)
    given = make(replace(order, out=tmp_path / "given", regularisation=photos), lambda _: None)
    own = replace(order, out=tmp_path / "own", params={**QUICK, "prior_weight": 1.0})
    made = make(own, lambda _: None)
    assert len({one.adapter.read_bytes() for one in (plain, given, made) if one is not None}) == 3


def _command(*given: object) -> tuple[int, str, str]:
    app = Typer()
    app.command()(main)
    result = CliRunner().invoke(app, [str(one) for one in given])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_speaks_json(order: Order) -> None:
    knobs = [part for name, value in QUICK.items() for part in ("--set", f"{name}={value}")]
    where = ["--out", order.out, "--base", order.base.path, "--family", "demo", "--prompt", "a"]
    code, out, _ = _command(order.photos, *where, "--json", *knobs)
    assert code == 0
    *steps, done = [json.loads(line) for line in out.splitlines()]
    assert [one["step"] for one in steps] == [1, 2, 3, 4, 5, 6]
    assert (done["done"], Path(done["adapter"]).parent) == (True, order.out)
    code, _, said = _command(order.photos, "--out", order.out, "--base", order.base.path)
    assert (code, said.splitlines()[-1]) == (
        1, f"InvalidJob: {done['adapter']} is there already; name another --out, or --overwrite",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--set", "steps"], "InvalidJob: --set steps: write it as NAME=VALUE, such as --set steps=300"),
        (["--set", "steps=-1"], "InvalidJob: steps: Input should be greater than or equal to 1"),
        (["--set", "colour=red"], "InvalidJob: colour: Extra inputs are not permitted"),
        (["--regularisation", "/nowhere"], "InvalidJob: /nowhere is no folder; name one with photos in it"),
    ],
)
def test_a_wrong_option_is_explained_before_anything_is_loaded(order: Order, given: list[str], said: str) -> None:
    assert _command(order.photos, "--out", order.out, *given) == (1, "", f"{said}\n")
    assert not order.out.exists()


def test_a_base_model_that_is_not_there_is_named(order: Order) -> None:
    with pytest.raises(InvalidJob, match="base: /nowhere/base cannot be loaded"):
        make(replace(order, base=order.base.model_copy(update={"path": "/nowhere/base"})), lambda _: None)
