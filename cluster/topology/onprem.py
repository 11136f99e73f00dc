"""Machines of one's own: the file for `ray up` over ssh."""

from typing import Any

from cluster.topology.model import Site

NODE = "/opt/pixreunion/.venv/bin/pixreunion node"


def cluster_file(site: Site) -> dict[str, Any]:
    """What `ray up deploy/onprem/cluster.yaml` reads. Labels come from each machine's own node.toml: Ray's provider for
    machines of one's own knows one node type only."""
    own = site.on_premises
    return {
        "cluster_name": site.name,
        "max_workers": len(own.workers),
        "upscaling_speed": 2.0,
        "idle_timeout_minutes": 5,
        "provider": {"type": "local", "head_ip": own.head, "worker_ips": list(own.workers)},
        "auth": {"ssh_user": own.ssh_user, "ssh_private_key": own.ssh_key},
        "file_mounts": {"/etc/pixreunion/settings.toml": "./deploy/onprem/settings.toml"},
        "initialization_commands": [],
        "setup_commands": [],
        "head_setup_commands": [],
        "worker_setup_commands": [],
        "head_start_ray_commands": [
            f"{NODE} stop",
            f"{NODE} start --head --autoscaling-config ~/ray_bootstrap_config.yaml",
        ],
        "worker_start_ray_commands": [f"{NODE} stop", f"{NODE} start --address $RAY_HEAD_IP"],
    }
