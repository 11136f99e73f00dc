from pathlib import Path

import pytest

from cluster.errors import BadSettings
from cluster.node.config import NodeSettings
from cluster.node.secrets import draw
from cluster.node.start import Head, Worker, arguments, certify, own_address, start, stop
from cluster.topology import ports
from governance.placement import HEAD_LABEL


def settings(tmp_path: Path, **changes: object) -> NodeSettings:
    given = {"secrets": tmp_path / "secrets", "run": tmp_path / "run", "state": tmp_path / "state", **changes}
    return NodeSettings.model_validate({"address": "127.0.0.1", **given})


def test_every_port_is_fixed_and_the_dashboard_stays_on_loopback(tmp_path: Path) -> None:
    made = arguments(settings(tmp_path), Head(Path("/x.yaml")), "10.0.0.1")
    assert "--dashboard-host=127.0.0.1" in made
    assert f"--port={ports.GCS}" in made
    fixed = [int(each.split("=")[1]) for each in made if "-port=" in each]
    allowed = [range(low, high + 1) for low, high in ports.INSIDE.values()] + [[ports.DASHBOARD], [ports.CLIENT]]
    assert all(any(port in some for some in allowed) for port in fixed)


def test_a_worker_joins_its_head(tmp_path: Path) -> None:
    made = arguments(settings(tmp_path, labels={"a": "b"}), Worker("10.0.0.1"), "10.0.0.2")
    assert f"--address=10.0.0.1:{ports.GCS}" in made
    assert "--labels=a=b" in made
    assert "--head" not in made


def test_the_head_says_by_its_label_that_it_is_the_head(tmp_path: Path) -> None:
    made = arguments(settings(tmp_path, labels={"a": "b"}), Head(), "10.0.0.1")
    assert f"--labels=a=b,{HEAD_LABEL}=true" in made


def test_missing_secrets_are_named_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"ray-token, ca\.crt, ca\.key"):
        start(settings(tmp_path), Head(), {})


def test_each_start_draws_a_new_key(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    draw(chosen.secrets, [])
    certify(chosen, "10.0.0.7")
    first = (chosen.run / "node.key").read_bytes()
    certify(chosen, "10.0.0.7")
    assert (chosen.run / "node.key").read_bytes() != first
    assert (chosen.run / "node.key").stat().st_mode & 0o777 == 0o600


def test_the_address_is_the_one_towards_the_head(tmp_path: Path) -> None:
    assert own_address(settings(tmp_path, address=None), Worker("127.0.0.1")) == "127.0.0.1"
    assert own_address(settings(tmp_path, address="10.1.2.3")) == "10.1.2.3"


def test_stopping_a_node_that_does_not_run_is_no_error(tmp_path: Path) -> None:
    assert stop(settings(tmp_path))
