import json
from importlib.resources import files

import jsonschema

from cluster.topology.model import Site
from cluster.topology.onprem import cluster_file
from tests.architecture.sources import ROOT

SITE = Site.read(ROOT / "deploy" / "site.toml")


def test_ray_takes_the_file_and_every_machine_is_in_it() -> None:
    made = cluster_file(SITE)
    jsonschema.validate(made, json.loads(files("ray.autoscaler").joinpath("ray-schema.json").read_text()))
    assert made["provider"]["head_ip"] == SITE.on_premises.head
    assert made["max_workers"] == len(SITE.on_premises.workers)
