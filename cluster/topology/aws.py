"""AWS: the file for `ray up`, and the rights and open ports of its nodes."""

from collections.abc import Iterable
from typing import Any

from cluster.topology.model import HEAD, WORKERS, Market, NodeType, Site
from cluster.topology.ports import INGRESS, INSIDE

HEAD_PROFILE = "pixreunion-head"
WORKER_PROFILE = "pixreunion-worker"
_NODE = "/opt/pixreunion/.venv/bin/pixreunion node"
# Ray's own files lie on the root volume, which is encrypted with the account's key.
_ROOT_DEVICE = "/dev/xvda"


def cluster_file(site: Site) -> dict[str, Any]:
    """What `ray up cluster.yaml` reads. Nodes fetch their secrets by their role; the file holds none."""
    fetch = f"{_NODE} secrets --region {site.aws.region} --prefix {site.aws.secret_prefix}"
    return {
        "cluster_name": site.name,
        "max_workers": sum(kind.most for kind in WORKERS),
        "upscaling_speed": 2.0,
        "idle_timeout_minutes": 5,
        "provider": {
            "type": "aws",
            "region": site.aws.region,
            "availability_zone": ",".join(site.aws.zones),
            "use_internal_ips": True,
            "cache_stopped_nodes": False,
        },
        "auth": {"ssh_user": "admin", "ssh_private_key": f"~/.ssh/{site.aws.key_name}.pem"},
        "available_node_types": {kind.name: node_type(kind, site) for kind in (HEAD, *WORKERS)},
        "head_node_type": HEAD.name,
        "file_mounts": {
            "/etc/pixreunion/settings.toml": "./deploy/aws/settings.toml",
            "/etc/pixreunion/node.toml": "./deploy/aws/node.toml",
        },
        "initialization_commands": [],
        "setup_commands": [fetch],
        "head_setup_commands": [],
        "worker_setup_commands": [],
        "head_start_ray_commands": [
            f"{_NODE} stop",
            f"{_NODE} start --head --autoscaling-config ~/ray_bootstrap_config.yaml",
        ],
        "worker_start_ray_commands": [f"{_NODE} stop", f"{_NODE} start --address $RAY_HEAD_IP"],
    }


def node_type(kind: NodeType, site: Site) -> dict[str, Any]:
    """One entry of `available_node_types`."""
    resources = {"CPU": 0 if kind is HEAD else kind.cpus, **({"GPU": kind.gpus} if kind.gpus else {})}
    described: dict[str, Any] = {
        "min_workers": kind.least,
        "max_workers": kind.most,
        "resources": resources,
        "labels": kind.labels(site.region),
        "node_config": _instance(kind, site),
    }
    if kind is not HEAD:
        described |= {"idle_timeout_s": kind.idle_s, "priority": kind.priority}
    return described


def _instance(kind: NodeType, site: Site) -> dict[str, Any]:
    disk = {"VolumeSize": kind.disk_gb, "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": site.aws.kms_key}
    config: dict[str, Any] = {
        "InstanceType": kind.instance,
        "ImageId": site.aws.image,
        "KeyName": site.aws.key_name,
        "SubnetIds": list(site.aws.subnets),
        "SecurityGroupIds": [site.aws.security_group],
        "IamInstanceProfile": {"Name": HEAD_PROFILE if kind is HEAD else WORKER_PROFILE},
        # Session tokens only, and one hop: a container cannot ask for the node's rights.
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [{"DeviceName": _ROOT_DEVICE, "Ebs": disk}],
    }
    if kind.market is Market.SPOT:
        config["InstanceMarketOptions"] = {"MarketType": "spot"}
    return config


def security_group(site: Site) -> list[dict[str, Any]]:
    """Inbound rules: nodes among each other, and the operators' and the load balancer's groups. Nothing public."""
    own = [{"GroupId": site.aws.security_group, "Description": "nodes of this cluster"}]
    rules = [
        {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "UserIdGroupPairs": own} for low, high in INSIDE.values()
    ]
    for port, who in ((22, "operators"), (INGRESS, "load balancer")):
        group = {"GroupName": f"{site.name}-{who.replace(' ', '-')}", "Description": who}
        rules.append({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [group]})
    return rules


def head_policy(site: Site) -> dict[str, Any]:
    """The head's rights: a worker's, and to start and end nodes of this cluster and no others."""
    aws = site.aws
    place = f"arn:aws:ec2:{aws.region}:{aws.account}"
    ours = {"StringEquals": {"ec2:ResourceTag/ray-cluster-name": site.name}}
    starting = [f"{place}:{part}/*" for part in ("network-interface", "volume")]
    starting += [f"{place}:subnet/{subnet}" for subnet in aws.subnets]
    starting += [f"{place}:security-group/{aws.security_group}", f"{place}:key-pair/{aws.key_name}"]
    tagged = {"aws:RequestTag/ray-cluster-name": site.name}
    kinds = {"ec2:InstanceType": sorted({kind.instance for kind in WORKERS})}
    described = ["ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeSubnets"]
    described += ["ec2:DescribeSecurityGroups", "ec2:DescribeKeyPairs", "ec2:DescribeImages"]
    return _policy(
        *_worker_statements(site),
        _allow("LookAtNodes", described, ["*"], {"StringEquals": {"aws:RequestedRegion": aws.region}}),
        _allow("StartNodes", ["ec2:RunInstances"], [f"{place}:instance/*"], {"StringEquals": tagged | kinds}),
        _allow("StartNodesUsing", ["ec2:RunInstances"], [*starting, f"arn:aws:ec2:{aws.region}::image/{aws.image}"]),
        _allow("TagNewNodes", ["ec2:CreateTags"], [f"{place}:instance/*"], {
            "StringEquals": {"ec2:CreateAction": "RunInstances"},
        }),
        _allow("ChangeOurNodes", ["ec2:TerminateInstances", "ec2:CreateTags"], [f"{place}:instance/*"], ours),
        _allow("HandWorkersTheirRole", ["iam:PassRole"], [f"arn:aws:iam::{aws.account}:role/{WORKER_PROFILE}"], {
            "StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"},
        }),
    )  # fmt: skip


def worker_policy(site: Site) -> dict[str, Any]:
    """A worker's rights: the bucket, the epoch keys, its secrets."""
    return _policy(*_worker_statements(site))


def trust_policy() -> dict[str, Any]:
    """Who may take these roles: EC2 alone."""
    principal = {"Service": "ec2.amazonaws.com"}
    return _policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def _worker_statements(site: Site) -> Iterable[dict[str, Any]]:
    aws = site.aws
    buckets = [f"arn:aws:s3:::{aws.bucket}", f"arn:aws:s3:::{aws.bucket}-journal"]
    objects = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]
    objects += ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    listing = ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketVersioning"]
    epochs = {"StringLike": {"kms:ResourceAliases": f"alias/{site.name}-epoch-*"}}
    keys = f"arn:aws:kms:{aws.region}:{aws.account}"
    epoch_rights = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:ScheduleKeyDeletion"]
    secrets = f"arn:aws:secretsmanager:{aws.region}:{aws.account}:secret:{aws.secret_prefix}/*"
    return (
        _allow("Blobs", objects, [f"{bucket}/*" for bucket in buckets]),
        _allow("ListBlobs", listing, buckets),
        _allow("MakeEpochKeys", ["kms:CreateKey"], ["*"], {"StringEquals": {"aws:RequestedRegion": aws.region}}),
        _allow("UseEpochKeys", epoch_rights, [f"{keys}:key/*"], epochs),
        _allow("NameEpochKeys", ["kms:CreateAlias"], [f"{keys}:alias/{site.name}-epoch-*", f"{keys}:key/*"]),
        _allow("OwnSecrets", ["secretsmanager:GetSecretValue"], [secrets]),
    )  # fmt: skip


def _allow(name: str, actions: list[str], resources: list[str], condition: Any = None) -> dict[str, Any]:
    statement = {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
