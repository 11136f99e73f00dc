import random
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.demo.residue import ResidueScan, Traces
from cluster.demo.world import Person, fresh_person, stranger_files

HOLD = "import sys; held = open(sys.argv[1], 'rb').read(); print('held', flush=True); input()"


@pytest.fixture(scope="module")
def person() -> Person:
    return fresh_person(10_000_005)


@pytest.fixture(scope="module")
def scan(person: Person) -> ResidueScan:
    photos = [each.data for each in person.uploads]
    traces = Traces(photos, [], [person.name, person.email], [random.Random(5).randbytes(4000)])
    return ResidueScan(traces, stranger_files())


def test_every_trace_would_be_found_if_it_lay_open(scan: ResidueScan) -> None:
    assert scan.missed() == []


def test_a_file_and_a_process_that_hold_something_are_found(scan: ResidueScan, person: Person, tmp_path: Path) -> None:
    leak = tmp_path / "leak"
    leak.write_bytes(b"before " + person.uploads[0].data + b" after")
    command = [sys.executable, "-c", HOLD, str(leak)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        report = scan.run([tmp_path], [holder.pid])
        holder.kill()
    assert {finding.canary for finding in report.findings} == {"photo-0"}
    assert {finding.place.value for finding in report.findings} >= {"data", "memory"}


def test_other_people_of_the_same_world_are_not_mistaken(scan: ResidueScan, tmp_path: Path) -> None:
    for number, upload in enumerate(fresh_person(10_000_006).uploads):
        (tmp_path / f"{number}.png").write_bytes(upload.data)
    report = scan.run([tmp_path], [])
    assert report.clean, [str(finding) for finding in report.findings]
