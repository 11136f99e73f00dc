"""The ports of a node, fixed so that a firewall can close all others. Each is a range, first to last."""

from collections.abc import Mapping

INGRESS = 8700
DASHBOARD = 8265
GCS = 6379
NODE_MANAGER = 6381
OBJECT_MANAGER = 6382
AGENT_GRPC = 6383
AGENT_HTTP = 6384
RUNTIME_ENV = 6385
METRICS = 6386
CLIENT = 10001
WORKERS = (10002, 10999)

# What nodes need of each other. The dashboard listens on the head's loopback alone and is in no rule.
INSIDE: Mapping[str, tuple[int, int]] = {
    "Ray's servers": (GCS, METRICS),
    "Ray's workers": WORKERS,
}
