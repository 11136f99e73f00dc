"""The composition root: builds every part and hands each its collaborators."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from governance.accounts import Accounts
from governance.background import ERASURES, EXPIRY, Background, Chore
from governance.backup.decisions import Decisions
from governance.backup.journal import Journal
from governance.blobs.s3 import S3BlobStore
from governance.blobs.store import BlobStore
from governance.clock import Clock
from governance.config import GovernanceSettings, KeyProviderKind, VaultSettings
from governance.erasure.erasure import Erasure
from governance.erasure.expiry import Expiry
from governance.erasure.fence import Fence
from governance.erasure.orphans import Orphans
from governance.erasure.runner import Runner
from governance.erasure.steps import Scan, Tools, write_down
from governance.events.events import Events
from governance.events.service import EventParts
from governance.events.webhooks import Webhooks
from governance.gate.context import GateContext
from governance.gate.gate import Gate
from governance.idempotency import Idempotency
from governance.jobs import Jobs
from governance.leases import Leases
from governance.ledger import processors as processor_rows
from governance.ledger.database import Database
from governance.ledger.migrate import migrate
from governance.lineage.reader import LineageReader
from governance.money.money import Money
from governance.people.announcements import Announcements
from governance.people.consents import Consents
from governance.people.outbox import Outbox
from governance.people.service import PeopleParts
from governance.people.sessions import Sessions
from governance.people.standing import Standing
from governance.policy import Policy
from governance.processors.processor import Processor
from governance.processors.register import third_parties
from governance.rights.alarms import Alarms
from governance.rights.breaches import Breaches
from governance.rights.dossiers import Dossiers
from governance.rights.reports import Reports
from governance.rights.requests import RightsRequests
from governance.rights.service import RightsParts
from governance.rights.shares import Shares
from governance.rights.sharing import Sharing
from governance.runs import Runs
from governance.statistics.statistics import Statistics
from governance.support.tickets import Tickets
from governance.vault.keyfile import KeyFile
from governance.vault.keyring import Keyring
from governance.vault.kms import KmsKeys
from governance.vault.provider import KeyProvider
from governance.vault.rotation import Rotation

_PUBLISH_S = 0.25
_SWEEP_S = 1.0
_WATCH_S = 5.0
_NEWS_S = 2.0
_TIDY_S = 300.0


@dataclass(frozen=True, slots=True)
class Extras:
    """What may be put in place of the defaults: third parties to tell, a residue scanner, a store, a clock."""

    policy: Policy
    clock: Clock
    scan: Scan
    processors: Sequence[Processor] = ()
    store: BlobStore | None = None
    journal_store: BlobStore | None = None
    provider: KeyProvider | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a service consists of."""

    database: Database
    store: BlobStore
    keys: Keyring
    accounts: Accounts
    gate: Gate
    lineage: LineageReader
    runs: Runs
    leases: Leases
    jobs: Jobs
    money: Money
    idempotency: Idempotency
    fence: Fence
    erasure: Erasure
    expiry: Expiry
    runner: Runner
    orphans: Orphans
    rotation: Rotation
    decisions: Decisions
    rights: RightsParts
    people: PeopleParts
    events: EventParts
    support: Tickets
    statistics: Statistics
    background: Background

    def chores(self, poll_s: float) -> tuple[Chore, ...]:
        return (
            Chore(ERASURES, poll_s, self.runner.run_due, rest_s=poll_s / 2),
            Chore(EXPIRY, _SWEEP_S, self.expiry.sweep),
            Chore("ended leases", _SWEEP_S, self.leases.expire),
            Chore("holds", _SWEEP_S, self.money.settle),
            Chore("old money", _TIDY_S, self.money.tidy),
            Chore("decisions", _SWEEP_S, self.decisions.write_down),
            Chore("silent workers", _SWEEP_S, self.jobs.recover),
            Chore("key cache", _SWEEP_S, self.keys.renew),
            Chore("alarms", _WATCH_S, self.rights.alarms.sweep),
            Chore("withdrawn consents", _WATCH_S, self.rights.shares.finish),
            Chore("news", _NEWS_S, self.people.outbox.collect),
            Chore("events", _PUBLISH_S, self.events.log.publish),
            Chore("deadlines", _WATCH_S, self.events.log.warn),
            Chore("statistics", _TIDY_S, self.statistics.count),
            Chore("old events", _TIDY_S, self.events.log.forget_old),
            Chore("old news and codes", _TIDY_S, self.people.tidy),
            Chore("epochs", _TIDY_S, self.rotation.rotate_when_due),
            Chore("orphans", _TIDY_S, self.orphans.sweep),
            Chore("old answers", _TIDY_S, self.idempotency.forget_old),
        )


async def build(settings: GovernanceSettings, extras: Extras) -> Parts:
    """Migrate, open the keys, make the bucket, and put everything together."""
    database = await Database.open(settings.ledger)
    try:
        await migrate(database)
        keys = await Keyring.open(database, extras.provider or key_provider(settings.vault), extras.clock())
        store = extras.store or S3BlobStore(settings.blobs)
        await store.prepare()
        return await _assemble(settings, extras, database, keys, store)
    except BaseException:
        await database.close()
        raise


async def _assemble(
    settings: GovernanceSettings, extras: Extras, database: Database, keys: Keyring, store: BlobStore
) -> Parts:
    clock, policy, batch = extras.clock, extras.policy, settings.ledger.batch
    context = GateContext(policy, keys, clock)
    fence = Fence(database, context, settings.erasure.promised_s)
    money = Money(database, clock, settings.money)
    tools = await _tools(settings, extras, database, store, money)
    accounts, background = Accounts(database, keys, clock), Background()
    erasure = Erasure(database, fence, clock, partial(write_down, tools), background.wake)
    return Parts(
        database=database,
        store=store,
        keys=keys,
        accounts=accounts,
        gate=Gate(database, context, batch),
        lineage=LineageReader(database),
        runs=Runs(database, policy, clock, money),
        leases=Leases(database, keys, policy, clock, settings.leases, batch),
        jobs=Jobs(database, policy, clock, settings.queue, money),
        money=money,
        idempotency=Idempotency(database, clock),
        fence=fence,
        erasure=erasure,
        expiry=Expiry(database, fence, clock, settings.erasure),
        runner=Runner(tools, keys, settings.erasure, settings.vault.epoch_s),
        orphans=Orphans(database, store),
        rotation=Rotation(database, keys, clock, settings.vault.epoch_s),
        decisions=Decisions(database, tools.journal, clock),
        rights=_rights(extras, database, accounts, erasure),
        events=EventParts(Events(database, clock), Webhooks(database, clock)),
        support=Tickets(database, clock),
        people=await _people(extras, database),
        statistics=Statistics(database, clock),
        background=background,
    )


async def _tools(
    settings: GovernanceSettings, extras: Extras, database: Database, store: BlobStore, money: Money
) -> Tools:
    """What erasures work with; every third party is registered first."""
    parties = (*third_parties(settings, store, money), *extras.processors)
    async with database.transaction() as conn:
        for one in parties:
            await processor_rows.register(conn, one.registration, extras.clock())
    return Tools(database, store, extras.clock, parties, extras.scan, await _journal(settings, extras), money)


def _rights(extras: Extras, database: Database, accounts: Accounts, erasure: Erasure) -> RightsParts:
    clock, policy = extras.clock, extras.policy
    return RightsParts(
        requests=RightsRequests(database, policy, clock, accounts, erasure),
        dossiers=Dossiers(database, clock),
        alarms=Alarms(database, clock),
        sharing=Sharing(database, clock, erasure),
        shares=Shares(database, clock, erasure),
        breaches=Breaches(database, clock),
        reports=Reports(database, policy, clock),
    )


async def _people(extras: Extras, database: Database) -> PeopleParts:
    """The policy that is in force is announced first."""
    clock, policy = extras.clock, extras.policy
    announcements = Announcements(database, clock)
    await announcements.adopt(policy)
    return PeopleParts(
        announcements=announcements,
        consents=Consents(database, policy, clock),
        outbox=Outbox(database, clock),
        sessions=Sessions(database, clock),
        standing=Standing(database, clock),
    )


async def replaying(settings: GovernanceSettings, extras: Extras, database: Database) -> tuple[Fence, Journal]:
    """What a restore needs to erase again."""
    keys = await Keyring.open(database, extras.provider or key_provider(settings.vault), extras.clock())
    context = GateContext(extras.policy, keys, extras.clock)
    return Fence(database, context, settings.erasure.promised_s), await _journal(settings, extras)


async def _journal(settings: GovernanceSettings, extras: Extras) -> Journal:
    """In a bucket of its own."""
    beside = settings.blobs.model_copy(update={"bucket": f"{settings.blobs.bucket}-journal"})
    store = extras.journal_store or S3BlobStore(beside)
    await store.prepare()
    return Journal(store)


def key_provider(settings: VaultSettings) -> KeyProvider:
    """The one that the settings name."""
    if settings.provider is KeyProviderKind.FILE:
        if settings.key_file is None:
            raise ValueError("the file key provider needs vault.key_file")
        return KeyFile(settings.key_file)
    return KmsKeys(settings)
