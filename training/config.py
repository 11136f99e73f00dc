"""The pool's settings, frozen; composed once by the cluster's settings and handed down. Times in seconds.

They travel to the workers as a Ray Train loop configuration, which the dashboard shows: no secret, nothing personal.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from training.jobs import Cost
from training.presets import Family
from training.queue import FairShare


class BaseModelSettings(BaseModel):
    """The frozen base everybody's adapter is trained over: a diffusers folder or a hub id.

    `instance_prompt` is the caption of a photo without one; `class_prompt` captions regularisation pictures.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    path: str
    family: Family = Family.DEMO
    device: str = "cpu"
    dtype: str = "float32"
    threads: int = Field(default=0, ge=0)
    instance_prompt: str = "a photo of sks person"
    class_prompt: str = "a photo of a person"


class WorkerSettings(BaseModel):
    """One worker: the size of its pack and how often it looks up, reports and seals."""

    model_config = ConfigDict(frozen=True)

    region: str = "eu"
    regions: frozenset[str] = frozenset()
    slots: int = Field(default=8, ge=1, le=256)
    max_rank: int = Field(default=32, ge=1)
    memory_mb: int = Field(default=8192, ge=1)
    poll_s: float = Field(default=0.5, gt=0)
    report_s: float = Field(default=0.5, gt=0)
    checkpoint_s: float = Field(default=20.0, gt=0)
    checkpoint_steps: int = Field(default=200, ge=1)
    idle_s: float = Field(default=600.0, ge=0)
    loss_retries: int = Field(default=1, ge=0)

    @property
    def served(self) -> frozenset[str]:
        """Whose data may be worked on here: its own region's, and those with a recorded safeguard."""
        return self.regions | {self.region}


class PreviewSettings(BaseModel):
    """How finished models are looked at. Prompts are the service's own, with the instance's word in them."""

    model_config = ConfigDict(frozen=True)

    prompts: tuple[str, ...] = (
        "a photo of sks person smiling on a beach wearing a red shirt",
        "a photo of sks person in a forest wearing a white shirt",
        "a photo of sks person in a city wearing a blue shirt",
        "a photo of sks person at night wearing a black shirt",
    )
    steps: int = Field(default=20, ge=1, le=200)
    guidance: float = Field(default=3.0, ge=1, le=30)


class PoolSettings(BaseModel):
    """The worker groups on Ray Train. `storage` holds Ray Train's own run folders (ids only).

    `groups`: most worker groups at once, in each region; each one fails and restarts alone. `cpus`/`gpus` per worker.
    `label_selector`: Ray node labels a worker's node must have, beside its region (`{"region": ...}` is added when
    `region_label` is set).
    """

    model_config = ConfigDict(frozen=True)

    name: str = "training-pool"
    namespace: str = "pixreunion"
    storage: Path = Path("var/train")
    groups: int = Field(default=1, ge=1)
    workers_per_group: int = Field(default=1, ge=1)
    cpus: float = Field(default=1.0, ge=0)
    gpus: float = Field(default=0.0, ge=0)
    region_label: str | None = None
    label_selector: dict[str, str] = Field(default_factory=dict)
    poll_s: float = Field(default=0.5, gt=0)
    max_failures: int = -1
    warm: bool = True


class TrainingSettings(BaseModel):
    """All of it."""

    model_config = ConfigDict(frozen=True)

    base: BaseModelSettings
    worker: WorkerSettings = WorkerSettings()
    preview: PreviewSettings = PreviewSettings()
    pool: PoolSettings = PoolSettings()
    fair: FairShare = FairShare()
    cost: Cost = Cost()
