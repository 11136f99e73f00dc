import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cluster.embedded.postgres import EmbeddedPostgres, PostgresAddress
from cluster.errors import PartFailed
from cluster.ports import Port, free_block
from cluster.processes import stop


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    directory = tmp_path / "postgres"
    directory.mkdir()
    address = PostgresAddress(free_block()[Port.POSTGRES], "password")
    embedded = EmbeddedPostgres(directory, address, tmp_path / "mark", tmp_path / "log")
    yield embedded
    embedded.stop()


def value(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.address.dsn()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_it_keeps_its_data_over_stop_and_start(server: EmbeddedPostgres) -> None:
    server.start()
    with psycopg.connect(server.address.dsn()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    assert server.stop()
    assert server.running() is None
    server.start()
    assert value(server, "SELECT number FROM kept") == 42


def test_it_listens_on_loopback_with_passwords_and_checksums(server: EmbeddedPostgres, tmp_path: Path) -> None:
    server.start()
    assert value(server, "SELECT current_setting('listen_addresses')") == "127.0.0.1"
    assert value(server, "SELECT current_setting('data_checksums')") == "on"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(PostgresAddress(server.address.port, "wrong").dsn())
    assert not list(tmp_path.rglob("password"))


def test_what_a_failing_statement_carries_is_not_logged(server: EmbeddedPostgres, tmp_path: Path) -> None:
    server.start()
    with psycopg.connect(server.address.dsn()) as connection, pytest.raises(psycopg.DataError):
        connection.execute("SELECT %s::text::int, 'inline-secret'", ("parameter-secret",))
    log = (tmp_path / "log").read_text()
    assert "inline-secret" not in log


def test_a_second_start_adopts_the_running_server(server: EmbeddedPostgres) -> None:
    first = server.start()
    assert server.start() == first


def test_a_server_whose_mark_was_lost_is_found_by_its_data(server: EmbeddedPostgres, tmp_path: Path) -> None:
    first = server.start()
    (tmp_path / "mark").unlink()
    assert server.running() == first
    assert server.stop()
    assert not first.alive


def test_it_recovers_after_being_killed(server: EmbeddedPostgres) -> None:
    first = server.start()
    with psycopg.connect(server.address.dsn()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    assert stop(first, ((signal.SIGKILL, 5.0),))
    assert server.start() != first
    assert value(server, "SELECT number FROM kept") == 42


def test_an_unfinished_initialisation_is_made_anew(server: EmbeddedPostgres) -> None:
    server.data.mkdir()
    (server.data / "half").touch()
    server.start()
    assert value(server, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_where_its_words_are(server: EmbeddedPostgres, tmp_path: Path) -> None:
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PartFailed, match="did not start") as refused:
        server.start()
    assert str(tmp_path / "log") in refused.value.way_out
