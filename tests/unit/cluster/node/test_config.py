from pathlib import Path

import pytest

from cluster.errors import BadSettings
from cluster.node.config import GcsStore, launcher_environment, load_node


def test_a_node_reads_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "node.toml").write_text('gcs = "memory"\n[labels]\n"pixreunion.io/region" = "eu"\n')
    monkeypatch.setenv("PIXREUNION_NODE_CONFIG", str(tmp_path / "node.toml"))
    settings = load_node()
    assert (settings.gcs, settings.labels) == (GcsStore.MEMORY, {"pixreunion.io/region": "eu"})


@pytest.mark.parametrize(("text", "named"), [("tls = 3.5", "tls"), ("colour = 1", "colour"), ("=", "cannot be read")])
def test_a_wrong_file_is_refused_by_name(
    text: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "node.toml").write_text(text)
    monkeypatch.setenv("PIXREUNION_NODE_CONFIG", str(tmp_path / "node.toml"))
    with pytest.raises(BadSettings, match=named):
        load_node()


def test_only_rays_words_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_OVERRIDE_LABELS", "{}")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    given = launcher_environment()
    assert "RAY_OVERRIDE_LABELS" in given
    assert "AWS_SECRET_ACCESS_KEY" not in given
