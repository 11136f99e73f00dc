from pathlib import Path

from cluster.topology.files import generated, stale, write
from cluster.topology.model import Site
from tests.architecture.sources import ROOT

SITE = Site.read(ROOT / "deploy" / "site.toml")


def test_the_files_in_the_repository_are_those_of_the_source() -> None:
    """When this fails: `pixreunion cluster-files`."""
    assert stale(SITE, ROOT) == []


def test_every_generated_file_is_in_the_repository_and_no_other() -> None:
    present = {path.relative_to(ROOT) for path in (ROOT / "deploy").rglob("*") if path.is_file()}
    assert present - {Path("deploy/site.toml")} == set(generated(SITE)) - {Path("cluster.yaml")}


def test_a_changed_file_is_noticed_and_written_anew(tmp_path: Path) -> None:
    assert set(write(SITE, tmp_path)) == set(generated(SITE))
    (tmp_path / "cluster.yaml").write_text("mine")
    assert write(SITE, tmp_path) == [Path("cluster.yaml")]


def test_another_site_gives_other_files() -> None:
    other = SITE.model_copy(update={"region": "us"})
    assert generated(other)[Path("cluster.yaml")] != generated(SITE)[Path("cluster.yaml")]
