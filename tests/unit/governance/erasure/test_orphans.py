"""Bytes without a living row."""

from governance.holder import Holder
from governance.ids import ArtifactId
from governance.service import GovernanceService
from tests.support.governance import completed, photo, sign_up


async def test_late_bytes_are_found_and_erased_and_living_ones_stay(service: GovernanceService, holder: Holder) -> None:
    owner, other = await sign_up(service), await sign_up(service)
    erased, living = await photo(holder, owner.id), await photo(holder, other.id)
    await completed(service, (await service.erase(owner.id)).id)
    store, orphans = service.parts.store, service.parts.orphans
    stranger = ArtifactId.new().location(owner.id)
    for key in (erased.location, stranger, "readme.txt"):
        await store.put(key, b"late")
    assert sorted(await orphans.sweep()) == sorted([erased.location, stranger])
    assert await store.keys() == sorted([living.location, "readme.txt"])
