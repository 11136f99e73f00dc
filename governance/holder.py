"""The client side of a lease: every process that touches plaintext has one `Holder`.

    open ──► renewing ──(no answer until just before the lease ends)──► lost ──► everything zeroed, open again
                │
                └─(answer says drop X)──► on_drop(X), zero X, acknowledge

A thread of its own watches the lease's end, so that a blocked event loop cannot keep plaintext alive (I6); `on_drop`
may therefore be called from that thread.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from time import monotonic
from typing import Self, TypeVar

from nacl.public import PrivateKey, SealedBox

from governance.api import Governance
from governance.background import end
from governance.blobs.store import BlobStore
from governance.copies import Copies, Copy
from governance.errors import GovernanceError, LeaseLost, Tampered, Unavailable
from governance.failpoints import FailPoint, reach
from governance.garbage import Sweeper
from governance.leases import TRANSPORT
from governance.model import Artifact, ArtifactId, Grant, HolderId, HolderKind, NewArtifact, Purpose, Receipt, Ticket
from governance.seldom import SeldomLogger
from governance.streams import DownStream, UpStream
from governance.tracing import step
from governance.transport import Transport
from governance.vault.cipher import CHUNK_BYTES, Bytes, binding, open_bytes, seal_bytes, zero
from governance.vault.wrap import unseal
from governance.watchdog import Watchdog

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_SELDOM = SeldomLogger(_LOG)
_RENEWALS_PER_LEASE = 4
_LONGEST_BEAT_S = 0.75
_MARGIN = 0.15


class Holder:
    """Reads and writes plaintext under a lease. Every call may raise `Unavailable`; reads also what `grant` raises."""

    def __init__(self, governance: Governance, store: BlobStore, kind: HolderKind, region: str) -> None:
        self._governance, self._store, self._kind, self._region = governance, store, kind, region
        self._id: HolderId | None = None
        self._session = bytearray()
        self._ends = 0.0
        self._ttl_s = 1.0
        self._copies = Copies()
        self._busy: Counter[ArtifactId] = Counter()
        self._taking = asyncio.Lock()
        self._sweeper = Sweeper()
        self._watchdog = Watchdog(self._lose)
        self._heart: asyncio.Task[None] | None = None
        self.transport = Transport()

    @classmethod
    async def open(cls, governance: Governance, store: BlobStore, *, kind: HolderKind, region: str) -> Self:
        """Take a lease and start renewing it."""
        holder = cls(governance, store, kind, region)
        await holder._lease()
        holder._watchdog.start()
        holder._sweeper.set_aside()
        holder._heart = asyncio.create_task(holder._beat(), name=f"{kind} lease")
        return holder

    async def close(self) -> None:
        """Drop and zero everything and give the lease back."""
        if self._heart is not None:
            await end([self._heart])
        self._watchdog.stop()
        id = self._id
        self._lose()
        if id is not None:
            try:
                await self._governance.close_holder(id)
            except GovernanceError:
                _LOG.info("the lease of %s runs out by itself", id)

    @property
    def id(self) -> HolderId:
        """Raises `LeaseLost` while it has none."""
        if self._id is None or monotonic() >= self._ends:
            raise LeaseLost()
        return self._id

    # ------------------------------------------------------------------------------------------ write and read

    async def write(self, new: NewArtifact, data: Bytes) -> Artifact:
        """Register, seal here, store, commit. Raises what `register` and `commit` raise; `data` stays the caller's."""
        artifact, _ = await self.write_sealed(new, data)
        return artifact

    async def write_sealed(self, new: NewArtifact, data: Bytes) -> tuple[Artifact, bytes]:
        """`write`, and the sealed bytes as they were stored: who is handed them needs no storage to `hold` it."""
        with step(f"gate.write.{new.kind}"):
            return await self._leased(lambda id: self._write(new, data, id))

    async def _write(
        self, new: NewArtifact, data: Bytes | AsyncIterator[bytes], holder: HolderId
    ) -> tuple[Artifact, bytes]:
        ticket = await self._governance.register(new, holder)
        with self._working_on(ticket.artifact.id):
            try:
                reach(FailPoint.WRITE_REGISTERED)
                receipt, sealed = await self._put(ticket, data, holder)
                reach(FailPoint.WRITE_STORED)
                artifact = await self._governance.commit(ticket.artifact.id, receipt)
                reach(FailPoint.WRITE_COMMITTED)
                return artifact, sealed
            except BaseException:
                await asyncio.shield(self._abandon(ticket.artifact.id))
                raise

    @asynccontextmanager
    async def plaintext(self, id: ArtifactId, purpose: Purpose) -> AsyncIterator[bytearray]:
        """The bytes for the length of the block; zeroed at its end, or earlier when they must be dropped."""
        with step(f"gate.read.{purpose}"):
            copy = await self._leased(lambda holder: self._fetch(id, purpose, None, holder, None))
        try:
            yield copy.buffer
        finally:
            self._copies.drop_one(copy)
            await self._acknowledge([id])

    async def write_parts(self, new: NewArtifact, parts: AsyncIterator[bytes]) -> Artifact:
        """The same for what is too large to be in memory at once: sealed and stored while it comes in. It cannot be
        repeated, so a lease that ends meanwhile is the caller's `LeaseLost`."""
        artifact, _ = await self._write(new, parts, await self._lease())
        return artifact

    @asynccontextmanager
    async def stream(self, id: ArtifactId, purpose: Purpose) -> AsyncIterator[AsyncIterator[memoryview]]:
        """The bytes piece by piece, each valid until the next is asked for. When they must be dropped in between, the
        piece in hand is zeroed and the next one raises `Gone`, or `LeaseLost`."""
        reading = await self._leased(lambda holder: self._open_stream(id, purpose, holder))
        try:
            yield reading.pieces(self._store.get_parts(reading.location, reading.version_id))
        finally:
            self._copies.drop_one(reading.copy)
            await self._acknowledge([id])

    async def hold(
        self, id: ArtifactId, purpose: Purpose, on_drop: Callable[[], None], sealed: bytes | None = None
    ) -> bytearray:
        """The bytes until `release`, or until they must be dropped: then `on_drop` is called first (it evicts and
        zeroes what was made from them; quick, and safe from any thread) and the buffer is zeroed. Storage is not asked
        by who was handed the `sealed` bytes (see `write_sealed`); the grant decides all the same."""
        with step(f"gate.hold.{purpose}"):
            return (await self._leased(lambda holder: self._fetch(id, purpose, on_drop, holder, sealed))).buffer

    async def release(self, id: ArtifactId, buffer: bytearray | None = None) -> None:
        """Zero what `hold` gave, without calling `on_drop`. Where several hold the same artifact, each says which
        `buffer` is its own; without one everybody's goes."""
        self._copies.release(id, buffer)
        await self._acknowledge([id])

    async def _put(self, ticket: Ticket, data: Bytes | AsyncIterator[bytes], holder: HolderId) -> tuple[Receipt, bytes]:
        """The sealed bytes besides; none of a stream's."""
        key = self._open_key(ticket.artifact.id, ticket.sealed_key, holder)
        if isinstance(data, AsyncIterator):
            going = UpStream(key, ticket.artifact, self._ends_of(holder))
            return going.receipt(await self._store.put_parts(ticket.artifact.location, going.pieces(data))), b""
        try:
            sealed = seal_bytes(key, binding(ticket.artifact), data)
        finally:
            zero(key)
        version = await self._store.put(ticket.artifact.location, sealed)
        return Receipt(len(data), sha256(sealed).digest(), version), sealed

    async def _abandon(self, id: ArtifactId) -> None:
        try:
            await self._governance.abandon(id)
        except GovernanceError:
            _LOG.info("%s is left for the sweep of unfinished uploads", id)

    async def _fetch(
        self,
        id: ArtifactId,
        purpose: Purpose,
        on_drop: Callable[[], None] | None,
        holder: HolderId,
        sealed: bytes | None,
    ) -> Copy:
        try:
            with self._working_on(id):
                grant = await self._governance.grant(id, purpose, holder)
                return self._added(id, await self._read(grant, holder, sealed), on_drop, holder)
        except BaseException:
            await asyncio.shield(self._acknowledge([id]))
            raise

    async def _open_stream(self, id: ArtifactId, purpose: Purpose, holder: HolderId) -> DownStream:
        try:
            with self._working_on(id):
                grant = await self._governance.grant(id, purpose, holder)
                key = self._open_key(id, grant.sealed_key, holder)
                copy = self._added(id, bytearray(CHUNK_BYTES), None, holder)
                return DownStream(key, grant, copy, self._ends_of(holder))
        except BaseException:
            await asyncio.shield(self._acknowledge([id]))
            raise

    async def _read(self, grant: Grant, holder: HolderId, sealed: bytes | None) -> bytearray:
        if sealed is None:
            sealed = await self._store.get(grant.artifact.location, grant.version_id)
        if sha256(sealed).digest() != grant.sha256:
            raise Tampered()
        key = self._open_key(grant.artifact.id, grant.sealed_key, holder)
        try:
            plain = open_bytes(key, binding(grant.artifact), sealed)
        finally:
            zero(key)
        if monotonic() >= self._ends:
            zero(plain)
            raise LeaseLost()
        return plain

    def _added(self, id: ArtifactId, buffer: bytearray, on_drop: Callable[[], None] | None, holder: HolderId) -> Copy:
        """A copy that this lease answers for. One that ended meanwhile is not followed by its successor, of which
        governance does not know that it has this."""
        copy = self._copies.add(id, buffer, on_drop)
        if self._id != holder:
            self._copies.drop_one(copy)
            raise LeaseLost()
        return copy

    def _open_key(self, id: ArtifactId, sealed: bytes, holder: HolderId) -> bytearray:
        if self._id != holder or monotonic() >= self._ends:
            raise LeaseLost()
        return unseal(self._session, sealed, id.encode())

    @contextmanager
    def _working_on(self, id: ArtifactId) -> Iterator[None]:
        """A drop of this id is not acknowledged while a key or bytes of it may still be on their way here."""
        self._busy[id] += 1
        try:
            yield
        finally:
            self._busy[id] -= 1
            if not self._busy[id]:
                del self._busy[id]

    # -------------------------------------------------------------------------------------------------- the lease

    async def _leased(self, work: Callable[[HolderId], Awaitable[T]]) -> T:
        """Work under the lease; when it turns out to have ended, once more under a new one."""
        holder = await self._lease()
        try:
            return await work(holder)
        except LeaseLost:
            self._lose_lease(holder)
        return await work(await self._lease())

    def _lose_lease(self, holder: HolderId) -> None:
        """Nothing when another task has taken the next one already."""
        if self._id == holder:
            self._lose()

    def _ends_of(self, holder: HolderId) -> Callable[[], float]:
        return lambda: self._ends if self._id == holder else 0.0

    async def _lease(self) -> HolderId:
        """The lease that stands, or a new one."""
        async with self._taking:
            if self._id is None or monotonic() >= self._ends:
                self._lose()
                await self._take_lease()
            return self.id

    async def _take_lease(self) -> None:
        private = PrivateKey.generate()
        asked = monotonic()
        lease = await self._governance.open_holder(self._kind, self._region, bytes(private.public_key))
        self._session = bytearray(SealedBox(private).decrypt(lease.session_key_sealed))
        self.transport.learn(lease.transport_epoch, unseal(self._session, lease.transport_key_sealed, TRANSPORT))
        self._id = lease.holder_id
        self._lasts(asked, lease.ttl_s)

    def _lasts(self, asked: float, ttl_s: float) -> None:
        """Counted from before the question, and a margin short of the end, so ours always ends first."""
        self._ttl_s = ttl_s
        self._ends = asked + ttl_s * (1 - _MARGIN)
        self._watchdog.set(self._ends)

    async def _beat(self) -> None:
        while True:
            self._sweeper.sweep()
            await asyncio.sleep(min(_LONGEST_BEAT_S, self._ttl_s / _RENEWALS_PER_LEASE))
            try:
                async with asyncio.timeout(self._ttl_s):
                    await self._renew()
            except (Unavailable, TimeoutError):
                _SELDOM.warning("governance does not answer; %s holds on until its lease ends", self._kind)
            except GovernanceError:
                _LOG.exception("renewing failed")

    async def _renew(self) -> None:
        id, asked = await self._lease(), monotonic()
        try:
            answer = await self._governance.renew(id, self._copies.ids(asked))
        except LeaseLost:
            self._lose_lease(id)
            return
        if self._id != id:
            return
        self._lasts(asked, answer.ttl_s)
        if answer.transport_epoch > self.transport.epoch:
            key = unseal(self._session, answer.transport_key_sealed, TRANSPORT)
            self.transport.learn(answer.transport_epoch, key)
        if answer.drop:
            self._copies.drop(answer.drop, asked)
            await self._acknowledge(answer.drop)

    async def _acknowledge(self, ids: Sequence[ArtifactId]) -> None:
        """Say what is gone from here. What cannot be said now is asked for again at a renewal."""
        gone = [id for id in ids if id not in self._copies and id not in self._busy]
        if not gone or self._id is None:
            return
        try:
            await self._governance.dropped(self._id, gone)
        except GovernanceError:
            _LOG.info("%d drops will be acknowledged later", len(gone))

    def _lose(self) -> None:
        """Drop and zero everything at once; from the event loop or the watchdog's thread."""
        self._id = None
        self._ends = 0.0
        self._copies.drop_all()
        zero(self._session)
        self.transport.forget()
