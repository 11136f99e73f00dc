"""Pictures, in the shape of the OpenAI images API, with what the service adds to it."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from serve_apps.engine.model import Sampler
from serve_apps.ingress.schemas.common import Answer, Body


class ResponseFormat(StrEnum):
    URL = "url"
    B64_JSON = "b64_json"


class PersonInPicture(Body):
    """One person of a picture of several: their model, yours or one that is shared with you (`/v1/shares`)."""

    model: str = Field(max_length=64, examples=["art_01a20baf9dd6707993b5dc044a7a3ac2"])
    prompt: str | None = Field(
        default=None, min_length=1, max_length=4000, repr=False, description="Theirs alone; else `prompt`."
    )


class GenerateImages(Body):
    """OpenAI's fields first; of `quality`, `style`, `background`, `moderation` and `output_format` only the values
    that this service gives anyway are accepted. The service's own are `negative_prompt` and those after it."""

    prompt: str = Field(min_length=1, max_length=4000, repr=False, examples=["sks person in a red shirt"])
    model: str | None = Field(default=None, description="One of GET /v1/models; without it the base model.")
    n: int | None = Field(default=None, ge=1, le=100)
    size: str | None = Field(default=None, description="`auto`, or one of the sizes of the base model.")
    response_format: ResponseFormat | None = None
    stream: bool | None = None
    partial_images: int | None = Field(default=None, ge=0, le=3)
    quality: Literal["auto", "standard"] | None = None
    style: Literal["natural"] | None = None
    background: Literal["auto", "opaque"] | None = None
    moderation: Literal["auto"] | None = None
    output_format: Literal["png"] | None = None
    user: str | None = Field(default=None, max_length=256, repr=False, description="Accepted and not kept.")
    negative_prompt: str = Field(default="", max_length=4000, repr=False)
    seed: int | None = Field(default=None, ge=0, lt=2**31, description="Picture i of n has `seed + i`.")
    guidance: float | None = Field(default=None, ge=0, le=30)
    steps: int | None = Field(default=None, ge=1)
    sampler: Sampler = Sampler.DDIM
    people: list[PersonInPicture] | None = Field(
        default=None,
        min_length=2,
        max_length=4,
        examples=[None],
        description="A picture of several people, each in a place of their own from left to right; `size` is that of a"
        " place. It belongs to all of them. Instead of `model`.",
    )


class ImageData(Answer):
    """One picture: its bytes or a link to them, and the service's own `artifact` and `seed`."""

    b64_json: str | None = None
    url: str | None = None
    revised_prompt: str | None = None
    artifact: str
    seed: int


class ImagesAnswer(Answer):
    """`created` in seconds since 1970."""

    created: int
    data: list[ImageData]
    background: str = "opaque"
    output_format: str = "png"
    size: str
    quality: str = "standard"


class PartialImageEvent(Answer):
    """What the first picture looks like so far."""

    type: Literal["image_generation.partial_image"] = "image_generation.partial_image"
    b64_json: str
    partial_image_index: int
    image_index: int
    created_at: int
    size: str
    quality: str = "standard"
    background: str = "opaque"
    output_format: str = "png"


class CompletedEvent(Answer):
    """One finished picture."""

    type: Literal["image_generation.completed"] = "image_generation.completed"
    b64_json: str
    image_index: int
    artifact: str
    seed: int
    created_at: int
    size: str
    quality: str = "standard"
    background: str = "opaque"
    output_format: str = "png"


class ModelAnswer(Answer):
    """A model that pictures can be made with. `expires_at` (seconds since 1970) of a person's own."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    expires_at: int | None = None


class ModelsAnswer(Answer):
    object: Literal["list"] = "list"
    data: list[ModelAnswer]
    next: str | None = None
