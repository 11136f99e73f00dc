"""This house's settings. Composed once at the top (`cluster`); nothing here reads the environment."""

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LedgerSettings(_Frozen):
    """`dsn`: libpq connection text, over a unix socket or TCP with TLS. `connections`: the pool's upper bound.
    `idle_transaction_s`: PostgreSQL ends a transaction in which nothing was asked for so long; its process is gone."""

    dsn: str
    connections: int = Field(default=8, ge=2)
    connect_timeout_s: float = Field(default=3.0, gt=0)
    idle_transaction_s: float = Field(default=15.0, gt=0)
    batch: int = Field(default=512, ge=1)


class BlobSettings(_Frozen):
    """One versioned bucket. `endpoint`: None for AWS itself. `multipart_bytes`: larger blobs go up in parts."""

    bucket: str = "pixreunion"
    endpoint: str | None = None
    region: str = "eu-north-1"
    access_key: str | None = None
    secret_key: SecretStr | None = None
    threads: int = Field(default=8, ge=1)
    timeout_s: float = Field(default=10.0, gt=0)


class KeyProviderKind(StrEnum):
    FILE = "file"
    KMS = "kms"


class VaultSettings(_Frozen):
    """`key_file` (mode 0600) for the file provider; `kms_*` for AWS. `epoch_s`: how long an epoch lives, at most a
    week less the time a rotation takes."""

    provider: KeyProviderKind = KeyProviderKind.FILE
    key_file: Path | None = None
    kms_endpoint: str | None = None
    kms_region: str = "eu-north-1"
    kms_access_key: str | None = None
    kms_secret_key: SecretStr | None = None
    epoch_s: float = Field(default=5 * 86_400, gt=0, le=6.5 * 86_400)


class LeaseSettings(_Frozen):
    """`ttl_s`: how long plaintext may live without contact to governance: the bound of an erasure when a node is cut
    off, and the outage of governance that holders survive without loading everything anew."""

    ttl_s: float = Field(default=8.0, gt=0)


class ErasureSettings(_Frozen):
    """`poll_s`: how often open requests are looked at; `upload_s`: how long an upload may stay unfinished;
    `promised_s`: the policy's limit (P6.2); `step_lease_s`: how long a step is its process's own."""

    poll_s: float = Field(default=0.5, gt=0)
    upload_s: float = Field(default=3600.0, gt=0)
    promised_s: float = Field(default=7 * 86_400, gt=0)
    step_lease_s: float = Field(default=15.0, gt=0)
    expiry_batch: int = Field(default=500, ge=1)


class QueueSettings(_Frozen):
    """`heartbeat_s`: a running job whose worker is silent for so long is queued again; `attempts`: then it fails.
    `usage_window_s`: how far back GPU-seconds count in fair share."""

    heartbeat_s: float = Field(default=20.0, gt=0)
    attempts: int = Field(default=4, ge=1)
    usage_window_s: float = Field(default=86_400.0, gt=0)


class MailSettings(_Frozen):
    """The relay that passes e-mails on. `region`: where it stands, for the register of processors. `sender`: whom they
    come from. `user` with `password_file`: where the relay asks for a name; None where it does not."""

    host: str
    port: int = Field(default=587, gt=0)
    region: str
    sender: str = "PixReunion <no-reply@localhost>"
    starttls: bool = True
    user: str | None = None
    password_file: Path | None = None
    timeout_s: float = Field(default=10.0, gt=0)


class MoneySettings(_Frozen):
    """`welcome_credits`: what a new account can spend without paying; `run_limit_s`: pictures that were paid for and
    whose process was lost are settled after so long."""

    welcome_credits: int = Field(default=2000, ge=0)
    run_limit_s: float = Field(default=900.0, gt=0)


class PaymentSettings(_Frozen):
    """The payment processor. `secret_file` holds its secret API key; `api_base`: another address than Stripe's own,
    for a sandbox; `region`: where it stands, for the register of processors."""

    secret_file: Path
    api_base: str | None = None
    region: str = "eu"
    timeout_s: float = Field(default=10.0, gt=0)


class GovernanceSettings(_Frozen):
    """Everything governance needs to start. `mail`: None where no e-mail leaves the house."""

    ledger: LedgerSettings
    blobs: BlobSettings = BlobSettings()
    vault: VaultSettings = VaultSettings()
    leases: LeaseSettings = LeaseSettings()
    erasure: ErasureSettings = ErasureSettings()
    queue: QueueSettings = QueueSettings()
    mail: MailSettings | None = None
    money: MoneySettings = MoneySettings()
    payments: PaymentSettings | None = None
