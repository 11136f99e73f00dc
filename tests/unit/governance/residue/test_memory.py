import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from governance.residue.memory import process, processes
from governance.residue.report import Place

SECRET = b"a secret of one process, 0123456789"
START = f"import mmap, os, sys; secret = bytes.fromhex('{SECRET[::-1].hex()}')[::-1]\n"
WAIT = "print('ready', flush=True); sys.stdin.read()\n"


@contextmanager
def running(program):
    command = [sys.executable, "-I", "-c", START + program + WAIT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"ready\n"
        yield child.pid
        child.stdin.close()


def found(pid):
    """Names of the sources that hold the secret, with their places."""
    return {
        (source.place, source.name)
        for source in processes([pid])
        for _, chunk in source.read()
        if SECRET in bytes(chunk)
    }


def test_the_heap_of_a_process_is_read():
    with running("held = secret * 2\n") as pid:
        places = found(pid)
    assert {place for place, _ in places} == {Place.MEMORY}
    assert all(name.startswith(f"process {pid} (python") for _, name in places)


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ("f = os.memfd_create('named'); os.write(f, secret)\n", "/memfd:named (deleted)"),
        ("p = '/dev/shm/pxr-t'; f = os.open(p, 66, 0o600); os.unlink(p); os.write(f, secret)\n", "pxr-t (deleted)"),
        ("m = mmap.mmap(-1, 4096); m.write(secret)\n", "/dev/zero (deleted)"),
    ],
)  # fmt: skip
def test_nameless_shared_memory_is_read_once(program, what):
    with running(program) as pid:
        names = [name for place, name in found(pid) if place is Place.SHARED_MEMORY]
        listed = [s.name for s in processes([pid, pid]) if s.name.endswith(what)]
    assert [name for name in names if name.endswith(what)]
    assert len(listed) == 1


def test_a_deleted_file_is_read_while_it_is_open(tmp_path):
    path = tmp_path / "kept"
    with running(f"f = open({str(path)!r}, 'wb'); f.write(secret); f.flush(); os.unlink({str(path)!r})\n") as pid:
        assert any(name.endswith("kept (deleted)") for _, name in found(pid))


def test_untouched_reservations_cost_nothing():
    with running("m = mmap.mmap(-1, 4 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n") as pid:
        size = sum(len(chunk) for source in processes([pid]) for _, chunk in source.read())
    assert size < 1 << 30


def test_the_scanner_itself_and_named_processes_are_left_out():
    with running("held = secret * 2\n") as pid:
        assert list(processes([os.getpid(), pid], skip=[pid])) == []


def test_a_process_that_ended_holds_nothing():
    with running("") as pid:
        pass
    assert list(process(pid, set())) == []


def test_a_process_that_ends_meanwhile_is_no_error():
    with running("") as pid:
        sources = list(process(pid, set()))
    assert sum(len(chunk) for source in sources for _, chunk in source.read()) == 0
