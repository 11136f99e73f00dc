from pathlib import Path

from cluster.observability.scrape import scrape_config
from cluster.topology.model import Site
from tests.architecture.sources import ROOT


def test_every_node_is_found_by_the_list_that_ray_keeps() -> None:
    made = scrape_config(Site.read(ROOT / "deploy" / "site.toml"), Path("/x/nodes.json"), every_s=1)
    assert made["scrape_configs"][0]["file_sd_configs"] == [{"files": ["/x/nodes.json"]}]
    assert made["global"]["external_labels"]["region"] == "eu"
