"""Hands each house its settings: what the person set, completed by what was started here. No secret is in them.

Passwords stay in files that the servers' own libraries read: libpq's password file and AWS's credentials file, named in
the environment of Ray's processes (`secret_files`). Ray keeps the arguments of actors in the clear.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cluster.capacity.policy import CapacityPolicy
from cluster.config import DEMO_BASE, DEMO_CHECKS, S3Settings, Settings
from cluster.embedded.postgres import DATABASE, USER
from cluster.embedded.seaweed import BUCKET, REGION
from cluster.home import Home
from cluster.ports import LOOPBACK, Port, PortBlock
from cluster.secrets import Secrets, write_private
from cluster.tls.authority import Pair
from governance.config import BlobSettings, GovernanceSettings, LedgerSettings, VaultSettings
from serve_apps.config import Mode, ServeSettings, UploadSettings
from serve_apps.config import TrainingSettings as TrainingRequests
from training.config import BaseModelSettings, TrainingSettings
from training.jobs import Targets


class Plan(BaseModel):
    """The settings of every house for one installation; the bootstrap reads it from the home."""

    model_config = ConfigDict(frozen=True)

    governance: GovernanceSettings
    training: TrainingSettings
    serving: ServeSettings
    capacity: CapacityPolicy = CapacityPolicy()


def plan(settings: Settings, home: Home, ports: PortBlock) -> Plan:
    """Composes the three. Paths are absolute: Ray's workers have other working directories."""
    return Plan(
        governance=_governance(settings, home, ports),
        training=_training(settings, home),
        serving=_serving(settings, home, ports),
        capacity=settings.capacity,
    )


def secrets_folder(settings: Settings, home: Home) -> Path:
    """Where the files with this installation's own secrets lie, on every machine alike."""
    return settings.secrets or home.root


def secret_files(settings: Settings, home: Home, ports: PortBlock, secrets: Secrets) -> Mapping[str, str]:
    """Writes the password files and returns the variables that name them."""
    passwords, credentials = home.root / "pgpass", home.root / "s3-credentials"
    if settings.postgres_dsn is None:
        write_private(passwords, f"{LOOPBACK}:{ports[Port.POSTGRES]}:*:{USER}:{secrets.postgres_password}\n")
    given = settings.s3
    if given is None:
        _write_credentials(credentials, secrets.s3_access_key, secrets.s3_secret_key)
    elif given.access_key is not None and given.secret_key is not None:
        _write_credentials(credentials, given.access_key, given.secret_key.get_secret_value())
    named = {"PGPASSFILE": passwords, "AWS_SHARED_CREDENTIALS_FILE": credentials}
    return {name: str(path) for name, path in named.items() if path.exists()}


def _governance(settings: Settings, home: Home, ports: PortBlock) -> GovernanceSettings:
    dsn = f"postgresql://{USER}@{LOOPBACK}:{ports[Port.POSTGRES]}/{DATABASE}"
    if settings.postgres_dsn is not None:
        dsn = settings.postgres_dsn.get_secret_value()
    s3 = settings.s3 or S3Settings(bucket=BUCKET, endpoint=f"http://{LOOPBACK}:{ports[Port.S3]}", region=REGION)
    return GovernanceSettings(
        ledger=LedgerSettings(dsn=dsn),
        blobs=BlobSettings(bucket=s3.bucket, endpoint=s3.endpoint, region=s3.region),
        vault=settings.vault or VaultSettings(key_file=home.root / "governance.key"),
        leases=settings.leases,
        erasure=settings.erasure,
        queue=settings.queue,
        money=settings.money,
        mail=settings.mail,
        payments=settings.serving.billing.payments if settings.serving.mode is Mode.LIVE else None,
    )


def _training(settings: Settings, home: Home) -> TrainingSettings:
    training = settings.training
    worker = training.worker.model_copy(update={"region": settings.region, "receiver": "cluster.handover:to_generator"})
    pool = training.pool.model_copy(update={"storage": home.root / "train"})
    base = _base(settings)
    if base.device == "cpu" and not base.threads:
        # Ray leaves a worker as many threads as it has cores to itself: one. Training takes those that stand idle.
        base = base.model_copy(update={"threads": os.cpu_count() or 1})
    return training.model_copy(update={"base": base, "worker": worker, "pool": pool})


def _serving(settings: Settings, home: Home, ports: PortBlock) -> ServeSettings:
    serving, base = settings.serving, _base(settings)
    generator = serving.generator
    if not generator.base or serving.mode is Mode.TEST:
        same = {"base": base.path, "device": base.device, "dtype": base.dtype}
        generator = generator.model_copy(update=same)
    folder = secrets_folder(settings, home)
    pair = Pair.within(folder, "ingress")
    changed = {
        "host": settings.listen,
        "port": ports[Port.INGRESS],
        "region": settings.region,
        "mail": settings.mail,
        "secret_file": folder / "service.secret",
        "tls_cert": pair.certificate if settings.tls else None,
        "tls_key": pair.key if settings.tls else None,
        "generator": generator,
        "trainings": _trainings(settings),
        "uploads": _uploads(serving.uploads, base.path),
    }
    return serving.model_copy(update=changed)


def _trainings(settings: Settings) -> TrainingRequests:
    """A request may not ask for what no worker of the pool takes."""
    asked, worker = settings.serving.trainings, settings.training.worker
    limits = asked.limits.model_copy(
        update={
            "rank": min(asked.limits.rank, worker.max_rank),
            "targets": min(asked.limits.targets, worker.targets, key=list(Targets).index),
            "text_encoder": asked.limits.text_encoder and worker.text_encoder,
        }
    )
    return asked.model_copy(update={"family": settings.training.base.family, "limits": limits})


def _base(settings: Settings) -> BaseModelSettings:
    """In test mode the demo's, whatever the installation has besides."""
    base = settings.training.base
    return base.model_copy(update={"path": str(DEMO_BASE)}) if settings.serving.mode is Mode.TEST else base


def _uploads(uploads: UploadSettings, base: str) -> UploadSettings:
    """Beside the demo world's base photos are looked at by the demo world's own finder and encoder of faces; for any
    other base the settings name those that know real faces."""
    if Path(base) != DEMO_BASE or uploads.checks.face_finder:
        return uploads
    return uploads.model_copy(update={"checks": uploads.checks.model_copy(update=DEMO_CHECKS)})


def _write_credentials(path: Path, access_key: str, secret_key: str) -> None:
    write_private(path, f"[default]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n")
