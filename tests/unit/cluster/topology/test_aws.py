import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import boto3
import jsonschema
import pytest
from moto import mock_aws
from ray.autoscaler._private.aws.config import bootstrap_aws
from ray.autoscaler._private.aws.node_provider import AWSNodeProvider
from ray.autoscaler._private.util import prepare_config
from ray.autoscaler.tags import TAG_RAY_CLUSTER_NAME, TAG_RAY_NODE_KIND

from cluster.topology import aws
from cluster.topology.model import HEAD, WORKERS, Site
from tests.architecture.sources import ROOT

SITE = Site.read(ROOT / "deploy" / "site.toml")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty account with what an owner makes before `ray up`: a closed group, a key, roles, an image."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", SITE.aws.region)
    with mock_aws():
        yield _prepared()


def _prepared() -> Site:
    ec2 = boto3.client("ec2", region_name=SITE.aws.region)
    iam = boto3.client("iam")
    subnets = ec2.describe_subnets()["Subnets"]
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=subnets[0]["VpcId"])["GroupId"]
    ec2.create_key_pair(KeyName=SITE.aws.key_name)
    for profile, policy in ((aws.HEAD_PROFILE, aws.head_policy(SITE)), (aws.WORKER_PROFILE, aws.worker_policy(SITE))):
        iam.create_role(RoleName=profile, AssumeRolePolicyDocument=json.dumps(aws.trust_policy()))
        iam.put_role_policy(RoleName=profile, PolicyName=profile, PolicyDocument=json.dumps(policy))
        iam.create_instance_profile(InstanceProfileName=profile)
        iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=profile)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    own = {"subnets": (subnets[0]["SubnetId"],), "security_group": group, "image": image}
    return SITE.model_copy(update={"aws": SITE.aws.model_copy(update=own)})


def test_ray_takes_the_file() -> None:
    schema = json.loads(files("ray.autoscaler").joinpath("ray-schema.json").read_text())
    jsonschema.validate(aws.cluster_file(SITE), schema)


def test_ray_bootstraps_creates_and_terminates_nodes_with_it(account: Site) -> None:
    config = bootstrap_aws(prepare_config(aws.cluster_file(account)))
    provider = AWSNodeProvider(config["provider"], account.name)
    for kind in ("gpu-shared", "gpu-spot"):
        node = config["available_node_types"][kind]["node_config"]
        provider.create_node(node, {TAG_RAY_NODE_KIND: "worker", TAG_RAY_CLUSTER_NAME: account.name}, 1)
    made = provider.non_terminated_nodes({})
    assert len(made) == 2
    ec2 = boto3.client("ec2", region_name=SITE.aws.region)
    (first, *_) = ec2.describe_instances(InstanceIds=made[:1])["Reservations"][0]["Instances"]
    assert [group["GroupId"] for group in first["SecurityGroups"]] == [account.aws.security_group]
    assert first["IamInstanceProfile"]["Arn"].endswith(aws.WORKER_PROFILE)
    provider.terminate_nodes(made)
    assert provider.non_terminated_nodes({}) == []
    # What Ray makes by itself is open to the world on port 22; with a group of the owner's it makes none.
    assert {group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]} == {"default", "nodes"}


@pytest.mark.parametrize("kind", [HEAD, *WORKERS], ids=lambda kind: kind.name)
def test_disks_are_encrypted_and_nothing_is_public(kind: Any) -> None:
    config = aws.node_type(kind, SITE)["node_config"]
    assert all(disk["Ebs"]["Encrypted"] and disk["Ebs"]["KmsKeyId"] for disk in config["BlockDeviceMappings"])
    assert config["MetadataOptions"]["HttpTokens"] == "required"
    assert "NetworkInterfaces" not in config
    assert aws.cluster_file(SITE)["provider"]["use_internal_ips"] is True


def test_no_rule_lets_an_address_in() -> None:
    rules = aws.security_group(SITE)
    assert all(rule["UserIdGroupPairs"] for rule in rules)
    assert not [rule for rule in rules if {"IpRanges", "Ipv6Ranges"} & set(rule)]
    assert not [rule for rule in rules if rule["FromPort"] <= 8265 <= rule["ToPort"]]


@pytest.mark.parametrize("policy", [aws.head_policy(SITE), aws.worker_policy(SITE)], ids=["head", "worker"])
def test_rights_are_named_one_by_one_and_bounded(policy: dict[str, Any]) -> None:
    for statement in policy["Statement"]:
        assert not [action for action in statement["Action"] if "*" in action]
        if "*" in statement["Resource"]:
            assert statement["Condition"]["StringEquals"] == {"aws:RequestedRegion": SITE.aws.region}


def test_a_worker_cannot_start_or_end_nodes() -> None:
    actions = {action for each in aws.worker_policy(SITE)["Statement"] for action in each["Action"]}
    assert {action.split(":")[0] for action in actions} == {"s3", "kms", "secretsmanager"}
