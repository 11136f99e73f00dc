"""What the pictures are worth: whose faces, showing what, how sharp, how far from drawn ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from benchmarks.quality.cast import FRESH, Cast, Subject
from benchmarks.quality.learning import Learned, Sampling
from training.demo.prompts import WISHES, Wish
from training.demo.scene import Background, Expression, Shirt
from training.evaluation import AttributeChecker, FaceEncoder, Pixels, frechet_distance, rank1

_KINDS: tuple[list[Any], ...] = (list(Background), list(Shirt), list(Expression))
_FACE = slice(12, 52)


def adherence(pictures: Pixels, wishes: Sequence[Wish], checker: AttributeChecker) -> list[float]:
    """The shares of pictures (n, h, w, 3) that show the background, the shirt and the expression asked for."""
    wanted = [(w.background, w.shirt, w.expression) for w in wishes]
    indices = np.array([[kind.index(value) for kind, value in zip(_KINDS, each, strict=True)] for each in wanted])
    return [float(share) for share in (checker.read(pictures) == indices).mean(axis=0)]


def base_pictures(
    pipeline: StableDiffusionPipeline, rounds: int, how: Sampling, seed: int
) -> tuple[Pixels, list[Wish]]:
    """Pictures of nobody in particular, through diffusers' own pipeline: every wish, `rounds` times."""
    made = []
    for number in range(rounds):
        answer = pipeline(
            [wish.prompt() for wish in WISHES],
            num_inference_steps=how.steps,
            guidance_scale=how.guidance,
            generator=torch.Generator().manual_seed(seed * 1000 + number),
            output_type="np",
        )
        made.append(np.rint(answer.images * 255).astype(np.uint8))
    return np.concatenate(made), list(WISHES) * rounds


def recognition(who: Cast, learned: Sequence[Learned], encoder: FaceEncoder) -> dict[str, float]:
    """The shares of pictures whose nearest of a hundred people is the right one."""
    count = len(who.subjects)

    def found(pictures: Sequence[Pixels]) -> float:
        owners = np.repeat(np.arange(count), [len(each) for each in pictures])
        return rank1(encoder.embed(np.concatenate(list(pictures))), owners, who.gallery)

    return {
        "identity_rank1_photos": found([subject.renders(0xF8E5, FRESH) for subject in who.subjects]),
        "identity_rank1_before": found([each.before for each in learned]),
        "identity_rank1_after": found([each.after for each in learned]),
    }


def sharpness(pictures: Pixels) -> float:
    """The mean energy of the faces' gradients."""
    faces = pictures[:, _FACE, _FACE].astype(np.float32) / 255.0
    return float(sum(np.square(np.diff(faces, axis=axis)).mean() for axis in (1, 2)))


def faces(subjects: Sequence[Subject], made: Pixels, encoder: FaceEncoder) -> dict[str, float]:
    """Generated faces against drawn ones of the same people showing the same; the floor is drawn against drawn."""
    drawn, again = (
        np.concatenate([subject.renders(salt, len(subject.wishes)) for subject in subjects]) for salt in (1, 2)
    )
    features = [encoder.embed(pictures) for pictures in (made, drawn, again)]
    return {
        "face_sharpness": sharpness(made) / sharpness(drawn),
        "face_distance": frechet_distance(features[0], features[1]),
        "face_distance_floor": frechet_distance(features[2], features[1]),
    }
