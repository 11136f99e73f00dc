"""Kubernetes: a RayService for the KubeRay operator, with what it needs beside it, joined by Kustomize."""

from typing import Any

from cluster.topology.model import HEAD, WORKERS, Market, NodeType, Site
from cluster.topology.ports import INGRESS, METRICS

_SETTINGS = "pixreunion-settings"
_SECRETS = "pixreunion-secrets"
_APPLICATION = "cluster.deploy.application:build_application"
_HEALTH = f"https://localhost:{INGRESS}/v1/health"
_RUNTIME_DIRECTORY = "/run/pixreunion"
_USER = 10_001

Document = dict[str, Any]


def manifests(site: Site) -> dict[str, Document]:
    """File name to document. `kubectl apply -k deploy/kubernetes` applies them all."""
    made = {
        "namespace.yaml": _object("v1", "Namespace", site.kubernetes.namespace, site, spec=None),
        "rayservice.yaml": ray_service(site),
        "service.yaml": _service(site),
        "network-policy.yaml": _network_policy(site),
        "disruption-budget.yaml": _disruption_budget(site),
    }
    return {"kustomization.yaml": _kustomization(site, sorted(made)), **made}


def ray_service(site: Site) -> Document:
    """An update of its specification makes a second cluster beside the first and moves over when that is ready."""
    cluster = {
        "rayVersion": "2.60.0",
        "enableInTreeAutoscaling": True,
        "autoscalerOptions": {"version": "v2", "idleTimeoutSeconds": 300},
        "authOptions": {"mode": "token"},
        "headGroupSpec": {
            "rayStartParams": {"num-cpus": "0", "dashboard-host": "127.0.0.1", "labels": _labels(HEAD, site)},
            "template": _pod(HEAD, site),
        },
        "workerGroupSpecs": [_group(kind, site) for kind in WORKERS],
    }
    spec = {
        "upgradeStrategy": {"type": "NewCluster"},
        "serveConfigV2": _serve_config(),
        "rayClusterConfig": cluster,
    }
    return _object("ray.io/v1", "RayService", site.name, site, spec)


def _group(kind: NodeType, site: Site) -> Document:
    return {
        "groupName": kind.name,
        "replicas": kind.least,
        "minReplicas": kind.least,
        "maxReplicas": kind.most,
        "idleTimeoutSeconds": kind.idle_s,
        "rayStartParams": {"labels": _labels(kind, site)},
        "template": _pod(kind, site),
    }


def _pod(kind: NodeType, site: Site) -> Document:
    market = {"karpenter.sh/capacity-type": "spot" if kind.market is Market.SPOT else "on-demand"}
    spec: Document = {
        "automountServiceAccountToken": kind is HEAD,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": _USER, "fsGroup": _USER, "seccompProfile": {"type": "RuntimeDefault"},
        },
        "nodeSelector": market,
        "terminationGracePeriodSeconds": 110,
        "initContainers": [_certificate(site)],
        "containers": [_container(kind, site)],
        "volumes": _volumes(kind, site),
    }  # fmt: skip
    if kind.gpus:
        spec["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    labels = {"app.kubernetes.io/part-of": site.name, "pixreunion.io/group": kind.name}
    return {"metadata": {"labels": labels}, "spec": spec}


def _container(kind: NodeType, site: Site) -> Document:
    size = {"cpu": str(kind.cpus), "memory": f"{kind.memory_gb}Gi"}
    if kind.gpus:
        size["nvidia.com/gpu"] = str(kind.gpus)
    container: Document = {
        "name": "ray-head" if kind is HEAD else "ray-worker",
        "image": site.kubernetes.image,
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {"limits": size, "requests": size},
        "env": [{"name": name, "value": value} for name, value in _environment().items()],
        "volumeMounts": _mounts(),
    }
    if kind.name == "services":
        command = ["/opt/pixreunion/.venv/bin/pixreunion", "node", "healthy", "--url", _HEALTH]
        container["readinessProbe"] = {"exec": {"command": command}, "periodSeconds": 5, "failureThreshold": 2}
        container["ports"] = [{"name": "https", "containerPort": INGRESS}]
    return container


def _certificate(site: Site) -> Document:
    """Each pod draws a key of its own and has it signed before Ray starts."""
    return {
        "name": "certificate",
        "image": site.kubernetes.image,
        "command": ["/opt/pixreunion/.venv/bin/pixreunion", "node", "certificate"],
        "env": [{"name": name, "value": value} for name, value in _environment().items()],
        "volumeMounts": _mounts(),
    }


def _environment() -> dict[str, str]:
    """As `cluster/node/environment.py` has it for the other two; file names only."""
    return {
        "PIXREUNION_CONFIG": "/etc/pixreunion/settings.toml",
        "PIXREUNION_NODE_CONFIG": "/etc/pixreunion/node.toml",
        "PGPASSFILE": "/etc/pixreunion/secrets/pgpass",
        "AWS_SHARED_CREDENTIALS_FILE": "/etc/pixreunion/secrets/s3-credentials",
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": f"{_RUNTIME_DIRECTORY}/node.crt",
        "RAY_TLS_SERVER_KEY": f"{_RUNTIME_DIRECTORY}/node.key",
        "RAY_TLS_CA_CERT": "/etc/pixreunion/secrets/ca.crt",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_max_direct_call_object_size": "16000000",
    }


def _mounts() -> list[Document]:
    return [
        {"name": "settings", "mountPath": "/etc/pixreunion", "readOnly": True},
        {"name": "secrets", "mountPath": "/etc/pixreunion/secrets", "readOnly": True},
        {"name": "run", "mountPath": _RUNTIME_DIRECTORY},
        {"name": "ray", "mountPath": "/tmp/ray"},  # noqa: S108 - a volume of the pod's own, encrypted
    ]


def _volumes(kind: NodeType, site: Site) -> list[Document]:
    claim = {
        "storageClassName": site.kubernetes.storage_class,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{kind.disk_gb}Gi"}},
    }
    return [
        {"name": "settings", "configMap": {"name": _SETTINGS}},
        {"name": "secrets", "secret": {"secretName": _SECRETS, "defaultMode": 0o400}},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "ray", "ephemeral": {"volumeClaimTemplate": {"spec": claim}}},
    ]


def _serve_config() -> str:
    lines = (
        "proxy_location: Disabled",
        "applications:",
        "- name: pixreunion",
        f"  import_path: {_APPLICATION}",
        "  route_prefix: null",
    )
    return "\n".join(lines) + "\n"


def _service(site: Site) -> Document:
    """Inside the cluster's network; what clients reach from outside is the owner's own gateway."""
    ports = [{"name": "https", "port": 443, "targetPort": INGRESS}]
    spec = {"type": "ClusterIP", "selector": {"pixreunion.io/group": "services"}, "ports": ports}
    return _object("v1", "Service", f"{site.name}-api", site, spec)


def _network_policy(site: Site) -> Document:
    """Pods of this cluster talk with each other; others reach the API, and Prometheus the metrics."""
    ours = {"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": site.name}}}
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    spec = {
        **ours,
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [ours]},
            {"ports": [{"port": INGRESS}]},
            {"from": [monitoring], "ports": [{"port": METRICS}, {"port": 8080}]},
        ],
    }
    return _object("networking.k8s.io/v1", "NetworkPolicy", site.name, site, spec)


def _disruption_budget(site: Site) -> Document:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"pixreunion.io/group": "services"}}}
    return _object("policy/v1", "PodDisruptionBudget", f"{site.name}-services", site, spec)


def _kustomization(site: Site, resources: list[str]) -> Document:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": site.kubernetes.namespace,
        "resources": resources,
        "configMapGenerator": [{"name": _SETTINGS, "files": ["settings.toml", "node.toml"]}],
        "generatorOptions": {"disableNameSuffixHash": False},
    }


def _object(api: str, kind: str, name: str, site: Site, spec: Document | None) -> Document:
    labels = {"app.kubernetes.io/part-of": site.name}
    made: Document = {"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": labels}}
    return made if spec is None else made | {"spec": spec}


def _labels(kind: NodeType, site: Site) -> str:
    return ",".join(f"{name}={value}" for name, value in kind.labels(site.region).items())
