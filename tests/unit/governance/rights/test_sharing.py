"""What leaves the house is recorded, and leaves only on a ground."""

import pytest

from governance.errors import Gone, Refused
from governance.holder import Holder
from governance.model import Kind
from governance.rights.model import NewDisclosure, NewTransfer, TakedownReason
from governance.service import GovernanceService
from tests.support.governance import completed, photo, sign_up


async def test_a_disclosure_is_recorded_in_words(service: GovernanceService) -> None:
    person = await sign_up(service)
    new = NewDisclosure(person.id, "police", "code-of-procedure-804", "case-4711", (Kind.PHOTO,))
    made = await service.disclose(new)
    assert await service.disclosures(person.id) == [made]
    assert await service.disclosures((await sign_up(service)).id) == []
    for wrong in ("Ada Example was asked for", ""):
        with pytest.raises(Refused):
            await service.disclose(NewDisclosure(person.id, wrong, "basis", "case", (Kind.PHOTO,)))
    with pytest.raises(Refused):
        await service.disclose(NewDisclosure(person.id, "police", "basis", "case", ()))


async def test_a_transfer_needs_a_contract_that_names_its_fields(service: GovernanceService) -> None:
    person = await sign_up(service)
    sent = await service.transfer(NewTransfer("object-storage", person.id, ("sealed-bytes",)))
    dossier = await service.dossier(person.id)
    assert [one.transfers for one in dossier.recipients if one.name == "object-storage"] == [(sent,)]
    with pytest.raises(Refused, match="no contract"):
        await service.transfer(NewTransfer("data-broker", person.id, ("email",)))
    with pytest.raises(Refused, match="does not name email"):
        await service.transfer(NewTransfer("object-storage", person.id, ("email",)))


async def test_a_takedown_erases_at_once_and_may_be_repeated(service: GovernanceService, holder: Holder) -> None:
    person = await sign_up(service)
    taken = await photo(holder, person.id)
    down = await service.take_down(person.id, TakedownReason.CHILD)
    with pytest.raises(Gone):
        await service.artifact(taken.id)
    again = await service.take_down(person.id, TakedownReason.CHILD)
    assert (again.request.id, again.ordered_at) == (down.request.id, down.ordered_at)
    await completed(service, down.request.id)
    assert (await service.compliance_report()).takedowns == {"child": 1}
    with pytest.raises(Gone):
        await service.transfer(NewTransfer("object-storage", person.id, ("sealed-bytes",)))
