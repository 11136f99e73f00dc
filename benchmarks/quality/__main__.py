"""`python -m benchmarks.quality [--people N] [--seed S] [--json]`: learns people, pictures them, and prints figures.

The first person is learned alone (`seconds_per_training`), the others several at a time; an adapter is the same either
way. Shares are from 0 to 1.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from diffusers import StableDiffusionPipeline

from benchmarks.quality import measures
from benchmarks.quality.cast import Cast, cast
from benchmarks.quality.learning import Learned, Sampling, learn
from benchmarks.quality.sheet import contact_sheet
from training.demo.checker import attribute_checker
from training.demo.identity import face_encoder
from training.demo.seeds import EVALUATION, VALIDATION
from training.demo.vae import psnr_db
from training.demo.weights import BASE
from training.engine.base import BaseModel
from training.jobs import Param, Recipe
from training.presets import Family, recipe_for

Fields = dict[str, float | int | str | dict[str, Param]]


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--people", type=int, default=20, help="how many are learned")
    parser.add_argument("--seed", type=int, default=0, help="chooses them")
    parser.add_argument("--prompts", type=int, default=8, help="pictures of each")
    parser.add_argument("--preset", default="balanced")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="replaces a knob of the preset"
    )
    parser.add_argument("--pack", type=int, default=4, help="how many are learned at a time, after the first")
    parser.add_argument("--steps", type=int, default=Sampling().steps, help="denoising steps of a picture")
    parser.add_argument("--guidance", type=float, default=Sampling().guidance)
    parser.add_argument("--tuning", action="store_true", help="people of the validation range, to choose a recipe by")
    parser.add_argument("--base", default=str(BASE), help="a diffusers folder")
    parser.add_argument("--sheet", type=Path, default=Path("var/quality.png"), help="where the contact sheet goes")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    return parser.parse_args(given)


def recipe_of(options: argparse.Namespace) -> Recipe:
    """The preset with the knobs that were set."""
    knobs = dict(knob.split("=", 1) for knob in options.set)
    return recipe_for(Family.DEMO, options.preset, {name: _value(text) for name, text in knobs.items()})


def _value(text: str) -> Param:
    try:
        value: Param = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value


def learn_all(who: Cast, recipe: Recipe, options: argparse.Namespace) -> list[Learned]:
    """The first alone, the rest in packs."""
    base, how = BaseModel.load(options.base), Sampling(options.steps, options.guidance)
    first, rest = who.subjects[:1], who.subjects[1:]
    packs = [first, *(rest[i : i + options.pack] for i in range(0, len(rest), options.pack))]
    learned: list[Learned] = []
    for pack in packs:
        learned += learn(base, options.base, pack, recipe, how)
        print(f"{len(learned)} of {len(who.subjects)} people learned", file=sys.stderr)
    return learned


def measure(options: argparse.Namespace) -> Fields:
    """Everything; also writes the contact sheet."""
    encoder, checker, recipe = face_encoder(), attribute_checker(), recipe_of(options)
    who = cast(options.people, options.seed, options.prompts, encoder, VALIDATION if options.tuning else EVALUATION)
    pipeline = StableDiffusionPipeline.from_pretrained(options.base)
    pipeline.set_progress_bar_config(disable=True)
    how = Sampling(options.steps, options.guidance)
    base_shows = measures.adherence(*measures.base_pictures(pipeline, 8, how, options.seed), checker)
    fresh = np.concatenate([subject.renders(0x9512, 8) for subject in who.subjects])
    fields: Fields = {"prompt_adherence_base": float(np.mean(base_shows)), "vae_psnr_db": psnr_db(pipeline.vae, fresh)}
    learned = learn_all(who, recipe, options)
    made = np.concatenate([each.after for each in learned])
    shows = measures.adherence(made, [wish for subject in who.subjects for wish in subject.wishes], checker)
    fields |= measures.recognition(who, learned, encoder)
    fields |= {"prompt_adherence_after": float(np.mean(shows))}
    fields |= {f"{name}_after": share for name, share in zip(("background", "shirt", "expression"), shows, strict=True)}
    fields |= {
        f"{name}_base": share for name, share in zip(("background", "shirt", "expression"), base_shows, strict=True)
    }
    fields |= measures.faces(who.subjects, made, encoder)
    fields |= {"seconds_per_training": learned[0].seconds, "steps": recipe.steps, "people": options.people}
    if len(learned) > 1:
        fields["seconds_per_training_packed"] = float(np.mean([each.seconds for each in learned[1:]]))
    options.sheet.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(who.subjects, learned).save(options.sheet)
    return fields | {
        "seed": options.seed,
        "recipe": recipe.model_dump(mode="json"),
        "contact_sheet": str(options.sheet),
    }


def main(given: Sequence[str]) -> None:
    options = arguments(given)
    fields = measure(options)
    if options.json:
        print(json.dumps(fields))
        return
    for name, value in fields.items():
        print(f"{name:28} {value:.4g}" if isinstance(value, float) else f"{name:28} {value}")


if __name__ == "__main__":
    main(sys.argv[1:])
