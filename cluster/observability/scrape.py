"""Prometheus' own configuration: every node that Ray knows, found by the list Ray keeps."""

from pathlib import Path
from typing import Any

from cluster.topology.model import Site

# Ray's head writes the addresses of all nodes' metrics here, and again whenever one comes or goes.
NODES = Path("/var/lib/pixreunion/ray/prom_metrics_service_discovery.json")
RULES = "alerts.yaml"


def scrape_config(site: Site, nodes: Path = NODES, every_s: int = 10) -> dict[str, Any]:
    """`nodes`: the file of addresses, on the head."""
    return {
        "global": {
            "scrape_interval": f"{every_s}s",
            "evaluation_interval": f"{every_s}s",
            "external_labels": {"cluster": site.name, "region": site.region},
        },
        "rule_files": [RULES],
        "scrape_configs": [{"job_name": "ray", "file_sd_configs": [{"files": [str(nodes)]}]}],
    }
