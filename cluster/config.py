"""The settings of the whole service, composed from each house's own; the one place that reads the environment.

Sources, the first that names a value wins: `PIXREUNION_…` variables (`__` between levels), the TOML file named by
`PIXREUNION_CONFIG` (else `pixreunion.toml` here, else `~/.config/pixreunion.toml`), the defaults below.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from cluster.capacity.policy import CapacityPolicy
from cluster.errors import BadSettings
from governance.config import ErasureSettings, LeaseSettings, MailSettings, MoneySettings, QueueSettings, VaultSettings
from serve_apps.config import ServeSettings
from training.config import BaseModelSettings, TrainingSettings

# The small base model that comes with the source; any diffusers folder or hub id takes its place by setting.
DEMO_BASE = Path(__file__).parent.parent / "training" / "demo" / "weights" / "base"

DEMO_CHECKS: Mapping[str, str | float] = {
    "face_finder": "training.demo.faces:face_finder",
    "face_encoder": "training.demo.faces:face_encoder",
    "same_person": 0.65,
}

# What a server needs of its caller's surroundings. Anything else (tokens, cloud keys) stays with the caller.
_PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HF_HOME", "HF_HUB_OFFLINE",
)  # fmt: skip


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class S3Settings(_Frozen):
    """A bucket of your own; without `endpoint` it is AWS's."""

    bucket: str
    endpoint: str | None = None
    region: str = "eu-north-1"
    access_key: str | None = None
    secret_key: SecretStr | None = None


class RaySettings(_Frozen):
    """The head started here. `inline_bytes`: larger values would pass through the object store, which nobody zeroes.
    `cpus` is what Ray places by; None: this machine's cores, and on a small one as many as the services claim."""

    object_store_bytes: int = Field(default=160_000_000, ge=80_000_000)
    inline_bytes: int = Field(default=16_000_000, ge=100_000)
    cpus: int | None = Field(default=None, ge=1)
    gpus: int | None = Field(default=None, ge=0)
    labels: dict[str, str] = {}
    dashboard: bool = True


class ClientSettings(_Frozen):
    """Where the client side talks to, and as whom. `authority`: the certificate of whoever signs the API's, where that
    is no public one."""

    url: str | None = None
    authority: Path | None = None
    token: SecretStr | None = None
    timeout_s: float = Field(default=120.0, gt=0)


class Settings(BaseSettings):
    """Everything. `postgres_dsn` and `s3`: None starts the embedded server; `port_base`: see `cluster/ports.py`.

    `listen`: an address, or "node" for each node's own in the cluster's network. `secrets`: where every machine finds
    its secret files, None for the home. `tls`: clients reach the API by https. `vault`: None keeps the epoch keys in
    a file of the home. `mail`: None sends no e-mails.
    """

    model_config = SettingsConfigDict(
        env_prefix="PIXREUNION_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        frozen=True,
        extra="forbid",
    )

    home: Path = Path("~/.pixreunion")
    port_base: Annotated[int, Field(ge=1024, le=65_000)] = 8700
    region: str = "eu"
    listen: str = "127.0.0.1"
    secrets: Path | None = None
    tls: bool = False
    vault: VaultSettings | None = None
    postgres_dsn: SecretStr | None = None
    s3: S3Settings | None = None
    ray: RaySettings = RaySettings()
    client: ClientSettings = ClientSettings()
    leases: LeaseSettings = LeaseSettings()
    erasure: ErasureSettings = ErasureSettings()
    queue: QueueSettings = QueueSettings()
    money: MoneySettings = MoneySettings()
    mail: MailSettings | None = None
    capacity: CapacityPolicy = CapacityPolicy()
    training: TrainingSettings = TrainingSettings(base=BaseModelSettings(path=str(DEMO_BASE)))
    serving: ServeSettings = ServeSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=_toml_file())


def load() -> Settings:
    """The settings in force. Raises BadSettings naming every wrong value and where to set it."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise BadSettings(
            f"The settings are wrong: {'; '.join(wrong)}.",
            "Correct the PIXREUNION_… variable (levels joined by __) or the TOML file.",
        ) from error


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The surroundings of a process we start: what it needs of ours, and `extra`."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | dict(extra)


def password_files() -> dict[str, str]:
    """The files with passwords that a cluster's node names to what runs on it."""
    names = ("PGPASSFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE")
    return {name: os.environ[name] for name in names if name in os.environ}


def own_environment() -> dict[str, str]:
    """All of this process's surroundings, for a part of the same command that runs in a process of its own."""
    return dict(os.environ)


def _toml_file() -> Path | None:
    named = os.environ.get("PIXREUNION_CONFIG")
    if named:
        return Path(named)
    places = (Path("pixreunion.toml"), Path("~/.config/pixreunion.toml").expanduser())
    return next((path for path in places if path.is_file()), None)
