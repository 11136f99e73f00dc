from pathlib import Path

import pytest

from cluster.errors import BadSettings
from cluster.topology.model import HEAD, POOL_LABEL, REGION_LABEL, WORKERS, Market, Pool, Site
from governance.placement import HEAD_LABEL
from tests.architecture.sources import ROOT


def test_the_shipped_site_is_whole() -> None:
    assert Site.read(ROOT / "deploy" / "site.toml").region == "eu"


def test_a_wrong_site_is_refused_by_name(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "site.toml").read_text().replace('account = "123456789012"', 'account = "mine"')
    (tmp_path / "site.toml").write_text(text)
    with pytest.raises(BadSettings, match=r"aws\.account"):
        Site.read(tmp_path / "site.toml")


def test_a_missing_site_says_where_an_example_is(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"deploy/site\.toml"):
        Site.read(tmp_path / "none.toml")


def test_node_types_carry_region_and_pool_and_devices_start_from_zero() -> None:
    assert HEAD.labels("eu")[REGION_LABEL] == "eu"
    devices = [kind for kind in WORKERS if kind.gpus]
    assert {kind.labels("eu")[POOL_LABEL] for kind in devices} == {Pool.SERVING, Pool.SHARED}
    assert {kind.least for kind in devices} == {0}


def test_the_head_alone_is_labelled_so() -> None:
    assert [kind.name for kind in (HEAD, *WORKERS) if HEAD_LABEL in kind.labels("eu")] == [HEAD.name]


def test_serving_runs_on_nodes_that_nobody_takes_away() -> None:
    assert {kind.market for kind in WORKERS if kind.pool is Pool.SERVING} == {Market.ON_DEMAND}
