"""PostgreSQL and S3 for one test run: fresh, on free ports, gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.postgres import EmbeddedPostgres, PostgresAddress
from cluster.embedded.seaweed import EmbeddedS3
from cluster.embedded.weed import S3Address
from cluster.home import Home
from cluster.ports import Port, free_block
from cluster.secrets import Secrets


@dataclass(frozen=True)
class Servers:
    """Both servers, running. `postgres.address.dsn()` and `s3.client()` get in."""

    home: Home
    postgres: EmbeddedPostgres
    s3: EmbeddedS3


@contextmanager
def throwaway_servers(within: Path | None = None) -> Iterator[Servers]:
    """Starts both servers in a directory of their own, `within` a given one; stops them and removes it at the end."""
    with tempfile.TemporaryDirectory(prefix="pixr-", dir=within) as root, ExitStack() as stack:
        home, ports, keys = Home(Path(root)), free_block(), Secrets()
        home.prepare(needed_bytes=0)
        address = PostgresAddress(ports[Port.POSTGRES], keys.postgres_password)
        postgres = EmbeddedPostgres(home.postgres, address, home.marks / "postgres", home.logs / "postgres.log")
        s3_address = S3Address(ports, keys.s3_access_key, keys.s3_secret_key, keys.s3_signing)
        s3 = EmbeddedS3(home.s3, s3_address, home.marks / "s3", home.logs / "s3.log")
        stack.callback(postgres.stop)
        stack.callback(s3.stop)
        postgres.start()
        s3.start()
        yield Servers(home, postgres, s3)
