import importlib
from typing import Any

import pytest
import yaml

from cluster.topology.kubernetes import manifests
from cluster.topology.model import WORKERS, Site
from cluster.topology.ports import INGRESS
from tests.architecture.sources import ROOT

SITE = Site.read(ROOT / "deploy" / "site.toml")
MADE = manifests(SITE)
CLUSTER = MADE["rayservice.yaml"]["spec"]["rayClusterConfig"]
GROUPS = {group["groupName"]: group for group in CLUSTER["workerGroupSpecs"]}
PODS = [CLUSTER["headGroupSpec"]["template"]["spec"], *(group["template"]["spec"] for group in GROUPS.values())]


def test_kustomize_finds_every_file() -> None:
    listed = MADE["kustomization.yaml"]
    assert set(listed["resources"]) == set(MADE) - {"kustomization.yaml"}
    assert all((ROOT / "deploy/kubernetes" / name).is_file() for name in listed["configMapGenerator"][0]["files"])


def test_the_application_can_be_imported() -> None:
    (application,) = yaml.safe_load(MADE["rayservice.yaml"]["spec"]["serveConfigV2"])["applications"]
    module, name = application["import_path"].split(":")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("kind", WORKERS, ids=lambda kind: kind.name)
def test_groups_are_the_node_types(kind: Any) -> None:
    group = GROUPS[kind.name]
    assert (group["minReplicas"], group["maxReplicas"]) == (kind.least, kind.most)
    limits = group["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits.get("nvidia.com/gpu", "0") == str(kind.gpus)
    assert group["rayStartParams"]["labels"] == ",".join(f"{k}={v}" for k, v in kind.labels(SITE.region).items())


def test_pods_run_without_rights_and_keys_live_in_memory() -> None:
    for pod in PODS:
        assert pod["securityContext"]["runAsNonRoot"]
        assert all(not each["securityContext"]["allowPrivilegeEscalation"] for each in pod["containers"])
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert volumes["run"]["emptyDir"]["medium"] == "Memory"
        claim = volumes["ray"]["ephemeral"]["volumeClaimTemplate"]["spec"]
        assert claim["storageClassName"] == SITE.kubernetes.storage_class


def test_secrets_are_mounted_and_never_in_the_environment() -> None:
    for pod in PODS:
        for container in (*pod["containers"], *pod["initContainers"]):
            assert all(set(variable) == {"name", "value"} for variable in container["env"])
            given = {variable["name"]: variable["value"] for variable in container["env"]}
            assert given["RAY_USE_TLS"] == "1"
            assert "RAY_AUTH_TOKEN" not in given
    assert CLUSTER["authOptions"] == {"mode": "token"}


def test_only_the_api_is_reached_from_elsewhere() -> None:
    inside, api, _ = MADE["network-policy.yaml"]["spec"]["ingress"]
    assert inside["from"]
    assert api == {"ports": [{"port": INGRESS}]}
    assert MADE["service.yaml"]["spec"]["type"] == "ClusterIP"
