import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.ports import free_block

SLOW = """
import time
from cluster.cli.program import app, main
@app.command()
def slow() -> None:
    print("begun", flush=True)
    time.sleep(60)
@app.command()
def core() -> None:
    import resource
    print(resource.getrlimit(resource.RLIMIT_CORE))
main()
"""

# Its commands take for ever to load.
LOADING = """
import time
import cluster.cli
def load(name: str) -> None:
    print("loading", flush=True)
    time.sleep(60)
cluster.cli.import_module = load
cluster.cli.main()
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    given = {"PIXREUNION_HOME": str(tmp_path / "home"), "PIXREUNION_PORT_BASE": str(free_block().base)}
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **given}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from cluster.cli import main; main()", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_status_of_nothing_is_a_failure_with_a_way_out(environment: dict[str, str]) -> None:
    done = run(environment, "status", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["parts"] == dict.fromkeys(("PostgreSQL", "S3", "Ray", "API"), False)
    assert "pixreunion up" in done.stderr


def test_wrong_usage_is_status_2(environment: dict[str, str]) -> None:
    done = run(environment, "train", "--pre", "x")
    assert done.returncode == 2
    assert "--pre" in done.stderr


def test_a_knob_without_a_value_is_explained(environment: dict[str, str]) -> None:
    done = run(environment, "train", "--set", "steps")
    assert done.returncode == 1
    assert "write it as NAME=VALUE" in done.stderr


def test_a_wrong_setting_is_explained_without_a_traceback(environment: dict[str, str]) -> None:
    done = run(environment | {"PIXREUNION_PORT_BASE": "eighty"}, "up")
    assert done.returncode == 1
    assert "port_base" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_silent_service_is_explained(environment: dict[str, str]) -> None:
    done = run(environment, "account", "login", "--email", "ada@example.org", "--password", "a long password")
    assert done.returncode == 1
    assert "Nobody answers" in done.stderr


def test_nothing_is_erased_before_its_certificate_has_a_place(environment: dict[str, str]) -> None:
    done = run(environment, "erase", "--yes", "--certificate", "/proc/none/certificate.json")
    assert done.returncode == 1
    assert "/proc/none" in done.stderr
    assert "--certificate" in done.stderr


def test_a_file_that_cannot_be_written_is_named_without_a_traceback(environment: dict[str, str]) -> None:
    done = run(environment, "demo", "--out", "/proc/demo")
    assert done.returncode == 1
    assert "/proc/demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_signing_out_twice_is_no_failure(environment: dict[str, str]) -> None:
    for _ in range(2):
        done = run(environment, "account", "logout", "--json")
        assert json.loads(done.stdout) == {"signed_in": False}


def test_down_without_up(environment: dict[str, str]) -> None:
    done = run(environment, "down")
    assert done.returncode == 1
    assert "is not running" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_person_may_stop_any_command(number: signal.Signals, environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", SLOW, "slow"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as slow:
        assert slow.stdout is not None
        assert slow.stdout.readline() == "begun\n"
        slow.send_signal(number)
        _, errors = slow.communicate(timeout=20)
    assert slow.returncode == 130
    assert errors.strip() == "Stopped."


def test_no_core_dumps(environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", SLOW, "core"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(0, 0)"


def test_interrupted_while_it_loads_it_says_so_too(environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", LOADING]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as loading:
        assert loading.stdout is not None
        assert loading.stdout.readline() == "loading\n"
        loading.send_signal(signal.SIGINT)
        _, errors = loading.communicate(timeout=20)
    assert (loading.returncode, errors) == (130, "Stopped.\n")
