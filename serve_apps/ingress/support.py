"""Messages to support: text and attachments become artifacts of their sender, pictures without their metadata."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass

from governance.errors import Gone, GovernanceError
from governance.ids import ArtifactId, SubjectId, TicketId
from governance.model import By, Kind, NewArtifact, Purpose
from governance.support.model import Author, Message, NewMessage, Ticket
from serve_apps.config import UploadSettings
from serve_apps.ingress.errors import Complaint, Invalid
from serve_apps.ingress.idempotency import once, perform
from serve_apps.ingress.multipart import Part
from serve_apps.ingress.photos import PhotoRefused, clean, too_many_bytes
from serve_apps.ingress.schemas.support import MessageAnswer, TicketAnswer, ticket_answer
from serve_apps.ingress.services import Services

MOST_ATTACHMENTS = 5
LONGEST_TEXT = 20_000
LARGEST_LOG = 1_000_000
_TEXT_TYPES = frozenset(range(32, 256)) | {9, 10, 13}


@dataclass(slots=True)
class Letter:
    """What somebody wrote, checked: the text and the attachments as they will be kept."""

    text: bytearray
    attachments: list[bytearray]

    def wipe(self) -> None:
        for each in (self.text, *self.attachments):
            each[:] = bytes(len(each))


async def send(
    parts: Services, owner: SubjectId, form: Sequence[Part], ticket: TicketId | None, key: str | None
) -> Ticket:
    """Opens a ticket, or writes to that one. `Invalid` says what is wrong with the form; then nothing is kept."""
    path = f"/v1/support/tickets/{ticket or ''}"
    this = once(parts, owner, key, path, *[part.data for part in form])
    if ticket is not None:
        await parts.governance.ticket(ticket, owner)

    async def work() -> str:
        letter = await asyncio.to_thread(_letter, form, parts.settings.uploads)
        try:
            return (await _send(parts, owner, letter, ticket)).id
        finally:
            letter.wipe()

    async def undo(_: str) -> None:
        """Two requests at the same moment sent two letters: support reads both."""

    return await parts.governance.ticket(TicketId(await perform(parts, this, work, undo)), owner)


async def _send(parts: Services, owner: SubjectId, letter: Letter, ticket: TicketId | None) -> Ticket:
    kept: list[ArtifactId] = []
    try:
        kept.append(await _keep(parts, owner, Kind.MESSAGE, letter.text))
        for each in letter.attachments:
            kept += [await _keep(parts, owner, Kind.ATTACHMENT, each)]
        new = NewMessage(Author.CLIENT, kept[0], tuple(kept[1:]))
        if ticket is None:
            return await parts.governance.open_ticket(owner, new)
        return await parts.governance.write_to_ticket(ticket, new, owner)
    except GovernanceError:
        for id in kept:
            await parts.governance.erase(id, By.SUBJECT, owner)
        raise


async def answer(parts: Services, ticket: Ticket, text: str) -> Ticket:
    """Support's answer is the person's data like their question."""
    kept = await _keep(parts, ticket.owner, Kind.MESSAGE, bytearray(text.encode()))
    return await parts.governance.write_to_ticket(ticket.id, NewMessage(Author.SUPPORT, kept))


async def shown(parts: Services, ticket: Ticket, purpose: Purpose) -> TicketAnswer:
    """A ticket with what is still there of its messages."""
    return ticket_answer(ticket, [await _message(parts, one, purpose) for one in ticket.messages])


async def _message(parts: Services, message: Message, purpose: Purpose) -> MessageAnswer:
    there = [one for one in message.attachments if await _is_there(parts, one)]
    text: str | None = None
    try:
        async with parts.holder.plaintext(message.text, purpose) as data:
            text = bytes(data).decode()
    except Gone:
        pass
    return MessageAnswer(author=message.author, text=text, attachments=list(there), at=message.at)


async def _is_there(parts: Services, id: ArtifactId) -> bool:
    try:
        await parts.governance.artifact(id)
    except Gone:
        return False
    return True


async def _keep(parts: Services, owner: SubjectId, kind: Kind, data: bytearray) -> ArtifactId:
    return (await parts.holder.write(NewArtifact(kind, (owner,), Purpose.SUPPORT), data)).id


def _letter(form: Sequence[Part], limits: UploadSettings) -> Letter:
    texts = [part for part in form if part.name == "message" and part.filename is None]
    files = [part for part in form if part.name == "attachments" and part.filename is not None]
    if len(texts) != 1 or len(texts) + len(files) != len(form):
        raise Invalid("send one field `message`, and files as `attachments`", code="bad_form")
    if len(files) > MOST_ATTACHMENTS:
        raise Invalid(f"at most {MOST_ATTACHMENTS} attachments are accepted", code="too_many_attachments")
    letter = Letter(_text(texts[0]), [])
    refused: list[Complaint] = []
    for number, part in enumerate(files):
        try:
            letter.attachments.append(_attachment(part, limits))
        except PhotoRefused as refusal:
            refused.append(Complaint(f"attachments[{number}]", refusal.fault, refusal.detail))
    if refused:
        letter.wipe()
        detail = "; ".join(f"{one.field}: {one.detail}" for one in refused)
        raise Invalid(detail, code="attachments_refused", complaints=refused)
    return letter


def _text(part: Part) -> bytearray:
    try:
        text = part.data.decode().strip()
    except UnicodeDecodeError:
        raise Invalid("`message` is not UTF-8", code="bad_text", param="message") from None
    if not 1 <= len(text) <= LONGEST_TEXT or "\x00" in text:
        raise Invalid(f"`message` has 1 to {LONGEST_TEXT} characters", code="bad_text", param="message")
    return bytearray(text.encode())


def _attachment(part: Part, limits: UploadSettings) -> bytearray:
    """A picture without its metadata (P2.3), or a text such as a log."""
    if part.size > limits.max_photo_bytes:
        raise too_many_bytes(part.size, limits)
    if 0 < part.size <= LARGEST_LOG and _is_text(part.data):
        return bytearray(part.data)
    return clean(part.data, limits).data


def _is_text(data: bytearray) -> bool:
    try:
        io.TextIOWrapper(io.BytesIO(data), encoding="utf-8").read()
    except UnicodeDecodeError:
        return False
    return _TEXT_TYPES.issuperset(data)
