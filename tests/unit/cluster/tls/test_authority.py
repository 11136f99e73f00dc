import socket
import ssl
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from cluster.errors import DiskUnusable
from cluster.tls.authority import Authority, Pair


def signed(folder: Path, *names: str) -> Pair:
    authority = Authority(folder)
    authority.create()
    pair = Pair.within(folder, "server")
    authority.issue(pair, names)
    return pair


def handshake(pair: Pair, trusted: Path, name: str) -> str:
    """The protocol that a client which trusts `trusted` and looks for `name` agrees on."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair.certificate, pair.key)
    client = ssl.create_default_context(cafile=str(trusted))
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        there, _ = listener.accept()
        try:
            server.wrap_socket(there, server_side=True).close()
        except OSError:
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with socket.create_connection(listener.getsockname()) as here, client.wrap_socket(
            here, server_hostname=name
        ) as secured:
            return secured.version() or ""
    finally:
        thread.join(10)
        listener.close()


def test_a_client_that_trusts_the_authority_connects_by_name_and_address(tmp_path: Path) -> None:
    pair = signed(tmp_path, "api.example.org", "127.0.0.1")
    assert handshake(pair, tmp_path / "ca.crt", "127.0.0.1") == "TLSv1.3"
    assert handshake(pair, tmp_path / "ca.crt", "api.example.org") == "TLSv1.3"


def test_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(signed(tmp_path, "api.example.org"), tmp_path / "ca.crt", "other.example.org")


def test_another_authority_is_refused(tmp_path: Path) -> None:
    pair = signed(tmp_path / "one", "127.0.0.1")
    Authority(tmp_path / "two").create()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(pair, tmp_path / "two" / "ca.crt", "127.0.0.1")


def test_an_authority_is_made_once_and_a_half_one_is_never_replaced(tmp_path: Path) -> None:
    Authority(tmp_path).create()
    before = (tmp_path / "ca.crt").read_bytes()
    Authority(tmp_path).create()
    assert (tmp_path / "ca.crt").read_bytes() == before
    (tmp_path / "ca.key").unlink()
    with pytest.raises(DiskUnusable, match="Only one"):
        Authority(tmp_path).create()


def test_a_pair_knows_how_long_it_lasts(tmp_path: Path) -> None:
    pair = signed(tmp_path, "localhost")
    assert pair.lasts(timedelta(days=80))
    assert not pair.lasts(timedelta(days=100))
    assert not Pair.within(tmp_path, "none").lasts(timedelta())
