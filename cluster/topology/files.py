"""Every generated file of a cluster: what it holds, and whether the one on the disk still says so."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cluster.observability.alerts import rules
from cluster.observability.dashboards import dashboards
from cluster.observability.scrape import scrape_config
from cluster.topology import aws, kubernetes, onprem
from cluster.topology.model import Site
from cluster.topology.settings import aws_settings, node_file, onprem_settings

_MADE = "Made by `pixreunion cluster-files` from deploy/site.toml and cluster/topology; change those."


def generated(site: Site) -> Mapping[Path, str]:
    """Path, relative to the repository's root, to text. The same site gives the same bytes."""
    made = {
        Path("cluster.yaml"): _yaml(aws.cluster_file(site)),
        Path("deploy/aws/settings.toml"): f"# {_MADE}\n{aws_settings(site)}",
        Path("deploy/aws/node.toml"): f"# {_MADE}\n{node_file(site)}",
        Path("deploy/onprem/cluster.yaml"): _yaml(onprem.cluster_file(site)),
        Path("deploy/onprem/settings.toml"): f"# {_MADE}\n{onprem_settings(site)}",
        Path("deploy/kubernetes/settings.toml"): f"# {_MADE}\n{aws_settings(site)}",
        Path("deploy/kubernetes/node.toml"): f"# {_MADE}\n{node_file(site)}",
        Path("deploy/aws/head-policy.json"): _json(aws.head_policy(site)),
        Path("deploy/aws/worker-policy.json"): _json(aws.worker_policy(site)),
        Path("deploy/aws/trust-policy.json"): _json(aws.trust_policy()),
        Path("deploy/aws/security-group.json"): _json(aws.security_group(site)),
        Path("deploy/prometheus/alerts.yaml"): _yaml(rules()),
        Path("deploy/prometheus/prometheus.yaml"): _yaml(scrape_config(site)),
    }
    made |= {Path("deploy/kubernetes") / name: _yaml(each) for name, each in kubernetes.manifests(site).items()}
    made |= {Path("deploy/grafana") / f"{name}.json": _json(each) for name, each in dashboards().items()}
    return made


def write(site: Site, root: Path) -> list[Path]:
    """Writes them all; returns those that changed."""
    changed = stale(site, root)
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(generated(site)[path])
    return changed


def stale(site: Site, root: Path) -> list[Path]:
    """Files that are missing or say something else than the source."""
    return [path for path, text in generated(site).items() if not _holds(root / path, text)]


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text


def _yaml(document: Any) -> str:
    return f"# {_MADE}\n" + yaml.safe_dump(document, sort_keys=False, width=120)


def _json(document: Any) -> str:
    return json.dumps(document, indent=2) + "\n"
