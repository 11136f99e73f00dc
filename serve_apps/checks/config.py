"""What photos are looked at for, frozen."""

from pydantic import BaseModel, ConfigDict, Field


class PhotoCheckSettings(BaseModel):
    """`face_finder`, `face_encoder` and `content_judge` are `package.module:factory`, empty for none; sides in pixels.

    `min_sharpness`: see `quality.sharpness`; 0 takes any. Photos of which at most `duplicate_bits` of 64 bits and less
    than `duplicate_colours` of 255 differ are the same one (bits -1: never). `face_margin`: how much around a face the
    encoder sees, in shares of its side; `same_person`: the least cosine of a face with the others of its set.
    `explicit`: from which likelihood on a picture is adult content. `clamav`: `host:port` or a socket's path.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_sharpness: float = Field(default=40.0, ge=0)
    duplicate_bits: int = Field(default=10, ge=-1, le=64)
    duplicate_colours: float = Field(default=15.0, ge=0)
    face_finder: str = ""
    min_face_side: float = Field(default=0.0, ge=0)
    face_encoder: str = ""
    face_margin: float = Field(default=0.44, ge=0)
    same_person: float = Field(default=0.4, ge=-1, le=1)
    content_judge: str = ""
    explicit: float = Field(default=0.6, ge=0, le=1)
    clamav: str = ""
    clamav_timeout_s: float = Field(default=20.0, gt=0)
