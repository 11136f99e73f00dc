import os
from pathlib import Path

import pytest

from cluster.embedded import weed
from cluster.embedded.throwaway import Servers
from cluster.embedded.weed import S3Address
from cluster.ports import Port, PortBlock
from cluster.processes import ProcessMark

ADDRESS = S3Address(PortBlock(20000), "key", "secret", "signing")


def test_a_server_that_is_shut_has_no_interface(tmp_path: Path) -> None:
    shut, opened = (weed.server(tmp_path, ADDRESS, is_open) for is_open in (False, True))
    assert "-s3=false" in shut
    assert not [flag for flag in shut if str(ADDRESS.ports[Port.S3]) in flag]
    assert f"-s3.port={ADDRESS.ports[Port.S3]}" in opened


def test_whether_it_takes_requests_is_told_from_the_process(servers: Servers) -> None:
    mark = servers.s3.running()
    assert mark is not None
    assert weed.takes_requests(mark)
    assert not weed.takes_requests(ProcessMark.of(os.getpid()))


@pytest.mark.parametrize("name", ["s3.json", "security.toml"])
def test_secrets_are_for_their_owner_alone(tmp_path: Path, name: str) -> None:
    weed.write_files(tmp_path, ADDRESS)
    assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_volumes_are_numbered_by_their_files(tmp_path: Path) -> None:
    weed.volumes(tmp_path).mkdir()
    for name in ("7.dat", "pixreunion_12.dat", "two_words_3.dat", "pixreunion_12.idx", "pixreunion_9.cpd"):
        (weed.volumes(tmp_path) / name).touch()
    assert sorted(weed.volume_ids(tmp_path)) == [3, 7, 12]
