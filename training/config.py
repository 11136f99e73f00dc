"""The pool's settings, frozen; composed once by the cluster's settings and handed down. Times in seconds.

They travel to the workers as a Ray Train loop configuration, which the dashboard shows: no secret, nothing personal.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from training.jobs import Cost, Targets
from training.presets import Family
from training.queue import FairShare


class BaseModelSettings(BaseModel):
    """The frozen base everybody's adapter is trained over: a diffusers folder or a hub id. `dtype` of its weights,
    `autocast` (empty: none) of the arithmetic, as torch names them; `threads` 0 leaves torch's own choice.

    `instance_prompt` is the caption of a photo without one; `class_prompt` captions regularisation pictures,
    of which the base model makes `class_pictures` where none are given.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    path: str
    family: Family = Family.DEMO
    device: str = "cpu"
    dtype: str = "float32"
    autocast: str = ""
    threads: int = Field(default=0, ge=0)
    instance_prompt: str = "a photo of sks person"
    class_prompt: str = "a photo of a person"
    class_pictures: int = Field(default=8, ge=1, le=200)


class WorkerSettings(BaseModel):
    """One worker: its pack (`slots` jobs of rank `max_rank` at most, adapting no more than `targets`; `max_rows` of one
    pass, 0 unbounded) and how often it looks up, reports and seals. `receiver`: `package.module:factory` of who is
    handed finished adapters (see `handover.py`); empty for nobody."""

    model_config = ConfigDict(frozen=True)

    region: str = "eu"
    regions: frozenset[str] = frozenset()
    slots: int = Field(default=8, ge=1, le=256)
    max_rank: int = Field(default=16, ge=1)
    targets: Targets = Targets.ALL
    text_encoder: bool = True
    max_rows: int = Field(default=0, ge=0)
    gradient_checkpointing: bool = False
    memory_mb: int = Field(default=8192, ge=1)
    poll_s: float = Field(default=0.5, gt=0)
    report_s: float = Field(default=0.5, gt=0)
    checkpoint_s: float = Field(default=20.0, gt=0)
    checkpoint_steps: int = Field(default=200, ge=1)
    idle_s: float = Field(default=600.0, ge=0)
    loss_retries: int = Field(default=1, ge=0)
    receiver: str = ""

    @property
    def served(self) -> frozenset[str]:
        """Whose data may be worked on here: its own region's, and those with a recorded safeguard."""
        return self.regions | {self.region}


class PreviewSettings(BaseModel):
    """How finished models are looked at. Prompts are the service's own, with the instance's word in them.
    `face_encoder`: `package.module:factory` of what measures the likeness; empty: the demo world's own for its own base
    model, none for others."""

    model_config = ConfigDict(frozen=True)

    prompts: tuple[str, ...] = (
        "a photo of sks person smiling on a beach wearing a red shirt",
        "a photo of sks person in a forest wearing a white shirt",
        "a photo of sks person in a city wearing a blue shirt",
        "a photo of sks person at night wearing a black shirt",
    )
    steps: int = Field(default=20, ge=1, le=200)
    guidance: float = Field(default=3.0, ge=1, le=30)
    face_encoder: str = ""


class PoolSettings(BaseModel):
    """The worker groups on Ray Train. `storage` holds Ray Train's own run folders (ids only).

    `regions`: where groups run, each with at most `groups`; every group fails and restarts alone. `cpus` and `gpus`
    are per worker. `label_selector`: Ray node labels a worker's node must have; `region_label` names the label that
    must equal the group's region. `warm`: one group per region is kept also without work; `headroom`: of every full
    group, so much of another is kept open for who comes next. `preemption`: watch for
    nodes that are about to be taken away (start-up is a little slower). `scrub`: freed memory is overwritten.
    """

    model_config = ConfigDict(frozen=True)

    name: str = "training-pool"
    namespace: str = "pixreunion"
    storage: Path = Path("var/train")
    regions: tuple[str, ...] = ("eu",)
    groups: int = Field(default=1, ge=1)
    workers_per_group: int = Field(default=1, ge=1)
    cpus: float = Field(default=1.0, ge=0)
    gpus: float = Field(default=0.0, ge=0)
    region_label: str | None = None
    label_selector: dict[str, str] = Field(default_factory=dict)
    poll_s: float = Field(default=0.5, gt=0)
    failures_per_run: int = 3
    backoff_s: float = Field(default=2.0, gt=0)
    silent_s: float = Field(default=15.0, gt=0)
    warm: bool = True
    headroom: float = Field(default=0.25, ge=0, le=1)
    preemption: bool = False
    scrub: bool = True

    def group_environment(self) -> dict[str, str]:
        """What a worker's process is started with: glibc then overwrites every block that is freed."""
        if not self.scrub:
            return {}
        return {
            "PYTHONMALLOC": "malloc",
            "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
        }

    def environment(self) -> dict[str, str]:
        """What the pool's own process is started with: Ray Train reads these where `fit` is called."""
        return {
            "RAY_TRAIN_V2_ENABLED": "1",
            "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",
            "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": str(int(self.preemption)),
            "RAY_TRAIN_ENABLE_STATE_TRACKING": "1",
            "RAY_CHDIR_TO_TRIAL_DIR": "0",
        }


class TrainingSettings(BaseModel):
    """All of it."""

    model_config = ConfigDict(frozen=True)

    base: BaseModelSettings
    worker: WorkerSettings = WorkerSettings()
    preview: PreviewSettings = PreviewSettings()
    pool: PoolSettings = PoolSettings()
    fair: FairShare = FairShare()
    cost: Cost = Cost()
