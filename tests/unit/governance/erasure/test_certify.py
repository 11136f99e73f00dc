"""What a certificate of the running service says of traces: nothing where nobody looked, the result where one did."""

import asyncio
import json

from cluster.embedded.throwaway import Servers
from governance.audit.certificate import OutOfScope, ResidueResult
from governance.audit.verify import VerifiedCertificate, verify
from governance.bootstrap import Extras
from governance.clock import utc_now
from governance.config import GovernanceSettings
from governance.model import Request
from governance.policy import shipped
from governance.residue.canary import Canary
from governance.residue.files import directory
from governance.residue.report import Place
from governance.residue.scanner import Scanner
from governance.service import GovernanceService
from tests.support.governance import completed, holding, photo, running, sign_up

SECRET = "Gm4-heron-Umbrella-quarry-2207"


async def certified(service: GovernanceService) -> tuple[VerifiedCertificate, bytes]:
    """Of an erasure of somebody with one photo."""
    async with holding(service) as holder:
        owner = (await sign_up(service)).id
        await photo(holder, owner, SECRET.encode())
        request = await service.erase(owner)
        await completed(service, request.id)
    certificate = await service.certificate(request.id)
    assert certificate is not None
    file = certificate.document.encode()
    return verify(file), file


async def test_without_a_scan_the_certificate_claims_none(service: GovernanceService) -> None:
    checked, file = await certified(service)
    assert "residue" not in json.loads(file)["body"]
    assert OutOfScope.RESIDUE_SCAN in {one.what for one in checked.body.out_of_scope}
    assert checked.clean is None


async def test_a_scan_that_is_set_up_looks_after_the_bytes_are_gone_and_is_certified(
    servers: Servers, settings: GovernanceSettings
) -> None:
    scanner = Scanner([Canary.text("secret", SECRET)])

    async def scan(request: Request) -> ResidueResult:
        return (await asyncio.to_thread(scanner.scan, directory(Place.DATA, servers.home.root))).result()

    async with running(settings, Extras(shipped(), utc_now, scan)) as service:
        checked, _ = await certified(service)
    residue = checked.body.residue
    assert residue is not None
    assert residue.scanned["data"] > 1 << 20
    assert (residue.canaries, residue.findings, checked.clean) == (1, 0, True)
    assert OutOfScope.RESIDUE_SCAN not in {one.what for one in checked.body.out_of_scope}
