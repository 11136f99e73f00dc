"""P8: security."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI

from governance.model import Role
from serve_apps.config import ServeSettings
from serve_apps.ingress.server import HttpServer
from tests.integration.house import House
from tests.integration.people import Person
from tests.policy.evidence import objects, rows

PROMPT = "an unmistakable prompt about a purple elephant"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine alone, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "tls.crt", folder / "tls.key"
    pem = serialization.Encoding.PEM
    files[0].write_bytes(signed.public_bytes(pem))
    unencrypted = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, unencrypted))
    return files


async def test_p8_2_clients_are_answered_over_tls(tmp_path: Path) -> None:
    """With a certificate the ingress speaks TLS 1.2 or newer, and nothing in the clear."""
    cert, key = certificate(tmp_path)
    app = FastAPI()
    app.get("/")(lambda: "safe")
    server = HttpServer(app, ServeSettings(port=0, tls_cert=cert, tls_key=key))
    await server.start()
    try:
        trust = ssl.create_default_context(cafile=str(cert))
        async with httpx.AsyncClient(verify=trust) as http:
            assert (await http.get(f"https://127.0.0.1:{server.port}/")).json() == "safe"
        async with httpx.AsyncClient() as plain:
            with pytest.raises(httpx.TransportError):
                await plain.get(f"http://127.0.0.1:{server.port}/")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(str(cert))
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        async with httpx.AsyncClient(verify=old) as outdated:
            with pytest.raises(httpx.TransportError):
                await outdated.get(f"https://127.0.0.1:{server.port}/")
    finally:
        await server.stop()


def test_p8_3_nothing_personal_is_at_rest_in_the_clear(house: House, person: Person) -> None:
    """Neither names, addresses and prompts nor the bytes of pictures are in the database or the bucket."""
    model = person.train()
    assert person.picture(model=model, prompt=PROMPT).status_code == 200
    held = person.http.get("/v1/artifacts").json()["data"]
    contents = {one["id"]: person.http.get(f"/v1/artifacts/{one['id']}/content").content for one in held}
    assert any(PROMPT.encode() in content for content in contents.values())
    stored = [rows(house), *objects(house, person.id).values()]
    assert len(stored) > len(contents)
    secrets = [PROMPT.encode(), person.email.encode(), b"Ada Example", *[one[8:72] for one in contents.values()]]
    assert [secret for secret in secrets if any(secret in text for text in stored)] == []


def test_p8_1_staff_see_what_they_need_and_refusals_are_logged(
    house: House, person: Person, stranger: Person, officer: Person
) -> None:
    """Operators see counts, the officer ids and words, nobody other people's photos; each refusal is in the log."""
    [photo] = person.upload(1)
    operator = stranger.works_as(Role.ML_OPS)
    for staff in (operator, officer.http):
        for path in (f"/v1/artifacts/{photo}", f"/v1/artifacts/{photo}/content", f"/v1/artifacts/{photo}/lineage"):
            assert staff.get(path).status_code == 404
    vitals = operator.get("/v1/ops/vitals")
    assert vitals.status_code == 200
    assert "art_" not in vitals.text
    assert "sub_" not in vitals.text
    assert operator.get("/v1/dpo/requests").status_code == 403
    assert officer.http.get("/v1/ops/vitals").status_code == 403
    logged = [one for one in rows(house).split(b"\n") if b"access.refused" in one and stranger.id.encode() in one]
    assert len(logged) == 1
    assert b"ml-ops" in logged[0]
