"""Settings of the serving house, frozen; `cluster` composes them once with those of the other houses.

The service secret is named by a file, never carried here: these settings travel to the replicas as arguments of a
Ray Serve application, and what travels there is kept by Ray in the clear.
"""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from governance.config import MailSettings, PaymentSettings
from serve_apps.checks.config import PhotoCheckSettings
from training.jobs import Targets
from training.presets import Family


class Frozen(BaseModel):
    """A group of settings; unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Mode(StrEnum):
    """TEST: for developers of client apps; work costs nothing, payments pretend, and the demo's base model serves."""

    LIVE = "live"
    TEST = "test"


class UploadSettings(Frozen):
    """What one upload may weigh. Sizes in bytes, sides in pixels."""

    max_photos: int = Field(default=30, ge=1)
    max_photo_bytes: int = Field(default=25_000_000, ge=1)
    max_request_bytes: int = Field(default=200_000_000, ge=1)
    max_pixels: int = Field(default=50_000_000, ge=1)
    min_side: int = Field(default=32, ge=1)
    max_kept_side: int = Field(default=2048, ge=1, description="Larger photos are scaled down before they are kept.")
    checks: PhotoCheckSettings = PhotoCheckSettings()


class RecipeLimits(Frozen):
    """How far a request may turn a training's knobs; the pool's own limits are filled in by the cluster. `resolution`
    0: only the base model's own size; `previews`: times at which pictures may be made on the way."""

    steps: int = Field(default=2000, ge=1)
    rank: int = Field(default=16, ge=1)
    batch: int = Field(default=16, ge=1)
    resolution: int = Field(default=0, ge=0)
    targets: Targets = Targets.ALL
    text_encoder: bool = True
    previews: int = Field(default=10, ge=1)


class TrainingSettings(Frozen):
    """What a training may be asked for; `gpu_seconds` is the cost the queue reckons with; `family`: whose presets the
    pool trains by."""

    min_photos: int = Field(default=3, ge=1)
    max_photos: int = Field(default=30, ge=1)
    gpu_seconds: dict[str, float] = {"fast": 30.0, "balanced": 60.0, "quality": 180.0}
    memory_mb: int = Field(default=0, ge=0)
    family: Family = Family.DEMO
    limits: RecipeLimits = RecipeLimits()


class ImageSettings(Frozen):
    """What one generation may ask for."""

    base_model: str = "base"
    sizes: tuple[str, ...] = ("64x64",)
    max_images: int = Field(default=10, ge=1)
    default_steps: int = Field(default=25, ge=1)
    max_steps: int = Field(default=100, ge=1)
    default_guidance: float = 3.0
    link_lifetime: timedelta = timedelta(hours=1)
    deadline: timedelta = timedelta(minutes=5)

    @property
    def default_size(self) -> str:
        return self.sizes[0]


class AccountSettings(Frozen):
    """Sign-up, sessions, and how hard a password may be tried."""

    regions: tuple[str, ...] = ("eu",)
    minimum_age: int = 16
    session_lifetime: timedelta = timedelta(days=1)
    refresh_lifetime: timedelta = timedelta(days=30)
    require_confirmation: bool = Field(default=False, description="No photos, models, pictures or orders before it.")
    attempts_per_account: int = Field(default=10, ge=1)
    attempts_per_address: int = Field(default=100, ge=1)
    attempts_window: timedelta = timedelta(minutes=15)
    requests_per_minute: int = Field(default=6000, ge=1, description="Of one token, in one replica.")
    argon2_memory_kib: int = Field(default=65_536, ge=8)
    argon2_passes: int = Field(default=3, ge=1)


class OpenIdSettings(Frozen):
    """Where staff have their accounts: an OpenID provider, and what it calls this service. `max_age_s`: how long ago
    an ID token may have been issued."""

    issuer: str
    client_id: str
    max_age_s: float = Field(default=300.0, gt=0)


class ProvenanceSettings(Frozen):
    """What pictures say of where they come from. `certificate` (PEM, with those above it) and `key` (PKCS 8, ES256):
    the operator's own for the credentials; None: one that follows from the service's secret. `verifications`: how many
    pictures one address may have looked at in `window`."""

    watermark: bool = True
    credentials: bool = True
    certificate: Path | None = None
    key: Path | None = None
    verifications: int = Field(default=60, ge=1)
    window: timedelta = timedelta(minutes=10)


class BillingSettings(Frozen):
    """How credits are paid for; `payments` None: not at all. `webhook_secret_file` holds what the processor signs its
    events with. `return_url`: pay on the processor's own page, which leads back there; None: in the client's form."""

    payments: PaymentSettings | None = None
    webhook_secret_file: Path | None = None
    return_url: str | None = None
    prices_file: Path | None = None


class WebhookSettings(Frozen):
    """How events are sent to clients. `networks`: private ones of the operator's own that may be reached nevertheless,
    such as 10.1.0.0/16."""

    schemes: tuple[str, ...] = ("https",)
    networks: tuple[str, ...] = ()
    timeout_s: float = Field(default=15.0, gt=0, le=45)
    at_once: int = Field(default=20, ge=1)
    poll_s: float = Field(default=0.5, gt=0)


class GeneratorSettings(Frozen):
    """The generator deployment. `base` is a path of a diffusers pipeline, or a hub id."""

    base: str = ""
    device: str = "cpu"
    dtype: str = "float32"
    slots: int = Field(default=8, ge=1)
    rank_buckets: tuple[int, ...] = (4, 8, 16, 32)
    targets: tuple[str, ...] = Field(
        default=(), description="Ends of the layers that adapters may reach, empty: all. Compiled code pays for each."
    )
    memory_mb: int = Field(
        default=0, ge=0, description="What a step may take on the device beside weights and adapters; 0: no bound."
    )
    host_cache_mb: int = Field(default=2048, ge=1, description="Adapters kept in host memory behind the slots.")
    execution: str = "eager"
    max_batch: int = Field(default=8, ge=1)
    max_queued: int = Field(default=64, ge=1, description="Pictures waiting in one replica before it says 503.")
    min_replicas: int = Field(default=1, ge=0)
    max_replicas: int = Field(default=1, ge=1)
    cpus_per_replica: float = Field(default=1.0, ge=0)
    gpus_per_replica: float = Field(default=0.0, ge=0)
    labels: dict[str, str] = Field(default={}, description="What a replica's node must be labelled with.")
    target_steps_per_replica: float = Field(
        default=400.0, gt=0, description="Queued denoising steps (times rows) it may fall behind."
    )
    drain_s: float = Field(default=60.0, gt=0)


class TracingSettings(Frozen):
    """`endpoint`: an OpenTelemetry collector's address for spans (OTLP over HTTP), or None. `share`: of requests."""

    endpoint: str | None = Field(default=None, examples=["http://collector:4318/v1/traces"])
    share: float = Field(default=1.0, ge=0, le=1)


class ServeSettings(Frozen):
    """Everything the serving house needs to know."""

    mode: Mode = Mode.LIVE
    host: str = Field(default="127.0.0.1", description='An address, or "node": that of each replica\'s own node.')
    port: int = 8000
    public_url: str | None = Field(default=None, description="Where clients reach the service; for links.")
    region: str = "eu"
    secret_file: Path = Path("var/serve.secret")
    ingress_replicas: int = Field(default=1, ge=1)
    ingress_cpus: float = Field(default=0.5, ge=0)
    ingress_per_node: int | None = Field(
        default=None, ge=1, description="How many ingresses one node may have; with 1, no node's loss takes them all."
    )
    ingress_labels: dict[str, str] = Field(default={}, description="What an ingress's node must be labelled with.")
    drain_s: float = Field(default=10.0, gt=0, description="How long requests may take to end when a replica stops.")
    tls_cert: Path | None = None
    tls_key: Path | None = None
    uploads: UploadSettings = UploadSettings()
    trainings: TrainingSettings = TrainingSettings()
    images: ImageSettings = ImageSettings()
    accounts: AccountSettings = AccountSettings()
    provenance: ProvenanceSettings = ProvenanceSettings()
    billing: BillingSettings = BillingSettings()
    mail: MailSettings | None = Field(default=None, description="The relay for notices; None sends none.")
    openid: OpenIdSettings | None = Field(default=None, description="Sign-in for staff; None: by password alone.")
    app_url: str | None = Field(default=None, description="Where links in e-mails lead; None: to the studio.")
    webhooks: WebhookSettings = WebhookSettings()
    generator: GeneratorSettings = GeneratorSettings()
    tracing: TracingSettings = TracingSettings()
