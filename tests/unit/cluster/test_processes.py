import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cluster.processes import OWNER, ProcessMark, belonging_to, spawn, stop, tree, wait_until

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); signal.pause()"
PARENT = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True); sys.stdin.read()"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_a_mark_knows_its_process_alive_and_dead(sleeper: subprocess.Popen[bytes]) -> None:
    mark = ProcessMark.of(sleeper.pid)
    assert mark.alive
    assert stop(mark, ((signal.SIGTERM, 5.0),))
    assert not mark.alive


def test_a_recycled_pid_is_not_taken_for_ours(sleeper: subprocess.Popen[bytes]) -> None:
    earlier = ProcessMark(pid=sleeper.pid, started=ProcessMark.of(sleeper.pid).started - 60)
    assert not earlier.alive
    assert stop(earlier, ((signal.SIGKILL, 1.0),))
    assert sleeper.poll() is None


def test_a_stubborn_process_gets_the_next_signal() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert stop(ProcessMark.of(process.pid), ((signal.SIGTERM, 0.2), (signal.SIGKILL, 5.0)))


def test_marks_survive_a_file_and_half_a_file_is_no_mark(tmp_path: Path) -> None:
    mark = ProcessMark.of(os.getpid())
    mark.write(tmp_path / "mark")
    assert ProcessMark.read(tmp_path / "mark") == mark
    (tmp_path / "mark").write_text('{"pid": 12')
    assert ProcessMark.read(tmp_path / "mark") is None
    assert ProcessMark.read(tmp_path / "nothing") is None


def test_a_spawned_server_writes_its_log_and_has_a_session_of_its_own(tmp_path: Path) -> None:
    process = spawn(["sh", "-c", "echo said; exec sleep 60"], tmp_path / "log", {"PATH": os.defpath})
    try:
        assert wait_until(lambda: (tmp_path / "log").read_text() == "said\n", 5)
        assert os.getsid(process.pid) == process.pid
    finally:
        process.kill()
        process.wait()


def test_the_tree_holds_children_too() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        family = tree([ProcessMark.of(parent.pid)])
        assert {process.pid for process in family} == {parent.pid, child}
        psutil.Process(child).kill()
        parent.kill()


def test_processes_are_known_by_their_owner_or_by_a_path(tmp_path: Path) -> None:
    directory = tmp_path / "ray"
    environment = {"PATH": os.defpath, OWNER: str(tmp_path)}
    by_owner = subprocess.Popen(["sleep", "60"], env=environment)
    by_path = subprocess.Popen(["sh", "-c", f": {directory}/session; sleep 60; :"], env={"PATH": os.defpath})
    strange = subprocess.Popen(["sleep", "60"], env={"PATH": os.defpath, OWNER: f"{tmp_path}-other"})
    try:
        found = {mark.pid for mark in belonging_to(tmp_path, directory)}
        assert {by_owner.pid, by_path.pid} <= found
        assert strange.pid not in found
    finally:
        for process in (by_owner, by_path, strange):
            process.kill()
            process.wait()
