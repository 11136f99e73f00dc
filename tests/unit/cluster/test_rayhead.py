import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from cluster.config import RaySettings, environment
from cluster.errors import PartFailed
from cluster.home import Home
from cluster.ports import LOOPBACK, free_block
from cluster.rayhead import RayHead

pytestmark = pytest.mark.ray

ASK = """
import ray
ray.init(log_to_driver=False)
@ray.remote
def surroundings():
    import os
    return os.environ.get("PGPASSFILE")
print(ray.get(surroundings.remote()))
"""


def head_in(root: Path, surroundings: Mapping[str, str]) -> RayHead:
    home = Home(root)
    home.prepare()
    return RayHead(home, free_block(), RaySettings(dashboard=False, cpus=2), surroundings)


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayHead]:
    head = head_in(tmp_path_factory.mktemp("ray"), {"PGPASSFILE": "/some/file"})
    head.start()
    yield head
    head.stop()


def ask(head: RayHead, **changes: str) -> subprocess.CompletedProcess[str]:
    variables = environment(head.address.environment() | changes)
    return subprocess.run([sys.executable, "-c", ASK], env=variables, capture_output=True, text=True, check=False)


def test_who_has_the_token_joins_and_workers_get_the_surroundings(head: RayHead) -> None:
    assert ask(head).stdout.strip() == "/some/file"


def test_who_has_another_token_is_refused(head: RayHead, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("0" * 64)
    refused = ask(head, RAY_AUTH_TOKEN_PATH=str(tmp_path / "token"))
    assert refused.returncode != 0
    assert "auth" in refused.stderr.lower()


def test_the_token_is_closed_and_everything_listens_on_loopback(head: RayHead) -> None:
    assert head.address.token.stat().st_mode & 0o777 == 0o600
    open_to = set()
    for process in head.running():
        listening = [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        open_to |= {connection.laddr[0].removeprefix("::ffff:") for connection in listening}
    assert open_to == {LOOPBACK}


def test_stopping_one_head_leaves_another_alone(head: RayHead, tmp_path: Path) -> None:
    second = head_in(tmp_path / "second", {})
    second.start()
    assert second.running()
    assert second.stop()
    assert second.running() == []
    assert ask(head).returncode == 0


def test_a_start_that_fails_says_where_rays_words_are(tmp_path: Path) -> None:
    Home(tmp_path).prepare()
    broken = RayHead(Home(tmp_path), free_block(), RaySettings(labels={"!": "not a label"}), {})
    with pytest.raises(PartFailed, match="Ray did not start") as refused:
        broken.start()
    assert "ray-start.log" in refused.value.way_out
    assert broken.running() == []
