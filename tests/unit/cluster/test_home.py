import subprocess
import sys
from pathlib import Path

import pytest

from cluster.errors import Busy, DiskUnusable
from cluster.home import Home

HOLD = "import sys; from pathlib import Path; from cluster.home import Home\n"
HOLD += "with Home(Path(sys.argv[1])).lock(): print('held', flush=True); sys.stdin.read()"


def test_prepared_directories_are_closed_to_others(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    for path in (home.root, home.postgres, home.s3, home.logs, home.marks, home.ray):
        assert path.stat().st_mode & 0o777 == 0o700


def test_ray_moves_out_of_a_path_too_long_for_its_sockets(tmp_path: Path) -> None:
    near, far = Home(Path("/tmp/short")), Home(tmp_path / ("long" * 20))
    assert near.ray == Path("/tmp/short/ray")
    assert len(str(far.ray)) < 40
    assert Home(tmp_path / ("long" * 20)).ray == far.ray
    assert Home(tmp_path / ("Long" * 20)).ray != far.ray


def test_a_file_in_the_way_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskUnusable) as refused:
        Home(tmp_path / "file" / "home").prepare()
    assert "PIXREUNION_HOME" in refused.value.way_out


def test_a_read_only_disk_is_explained() -> None:
    with pytest.raises(DiskUnusable, match=r"read-only|does not let us write|answers"):
        Home(Path("/proc/pixreunion")).prepare()


def test_a_full_disk_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.home.NEEDED_BYTES", 10**18)
    with pytest.raises(DiskUnusable, match="MB are needed"):
        Home(tmp_path / "home").prepare()


def test_a_disk_that_fills_up_later_is_explained(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with pytest.raises(DiskUnusable, match="is full"), home.writing():
        Path("/dev/full").write_bytes(b"x")
    with pytest.raises(FileNotFoundError), home.writing():
        (tmp_path / "none").read_bytes()


def test_two_commands_do_not_hold_one_home(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Busy), Home(tmp_path).lock():
            pass
        other.kill()
        other.wait()
    with Home(tmp_path).lock():
        assert (tmp_path / "lock").exists()


def test_removing_takes_everything(tmp_path: Path) -> None:
    home = Home(tmp_path / ("long" * 20))
    home.prepare()
    home.remove()
    assert not home.root.exists()
    assert not home.ray.parent.exists()
