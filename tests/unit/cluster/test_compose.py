import os
from pathlib import Path

from pydantic import SecretStr

from cluster.compose import Plan, plan, secret_files
from cluster.config import DEMO_BASE, DEMO_CHECKS, S3Settings, Settings
from cluster.home import Home
from cluster.ports import Port, PortBlock
from cluster.rayhead import LEAST_CPUS
from cluster.secrets import Secrets
from serve_apps.config import RecipeLimits
from training.jobs import Targets
from training.presets import Family

PORTS = PortBlock(21_000)


def composed(tmp_path: Path, **given: object) -> Plan:
    settings = Settings.model_validate({"home": tmp_path, **given})
    return plan(settings, Home(tmp_path), PORTS)


def test_embedded_servers_are_filled_in(tmp_path: Path) -> None:
    made = composed(tmp_path)
    assert f":{PORTS[Port.POSTGRES]}/" in made.governance.ledger.dsn
    assert made.governance.blobs.endpoint == f"http://127.0.0.1:{PORTS[Port.S3]}"
    assert made.serving.port == PORTS[Port.INGRESS]


def test_no_secret_is_in_the_plan_and_the_files_hold_them_closed(tmp_path: Path) -> None:
    secrets, settings = Secrets(), Settings(home=tmp_path)
    files = secret_files(settings, Home(tmp_path), PORTS, secrets)
    document = composed(tmp_path).model_dump_json()
    assert not [value for value in secrets.model_dump().values() if value in document]
    assert secrets.postgres_password in Path(files["PGPASSFILE"]).read_text()
    assert secrets.s3_secret_key in Path(files["AWS_SHARED_CREDENTIALS_FILE"]).read_text()
    assert {Path(path).stat().st_mode & 0o777 for path in files.values()} == {0o600}


def test_servers_of_ones_own_are_taken(tmp_path: Path) -> None:
    s3 = S3Settings(bucket="mine", endpoint="https://s3.example.org", access_key="ak", secret_key=SecretStr("sk"))
    made = composed(tmp_path, postgres_dsn="postgresql://me@db.example.org/mine", s3=s3)
    assert made.governance.ledger.dsn == "postgresql://me@db.example.org/mine"
    assert (made.governance.blobs.bucket, made.governance.blobs.endpoint) == ("mine", "https://s3.example.org")
    settings = Settings(home=tmp_path, postgres_dsn=SecretStr("postgresql://me@db.example.org/mine"), s3=s3)
    files = secret_files(settings, Home(tmp_path), PORTS, Secrets())
    assert "sk" in Path(files["AWS_SHARED_CREDENTIALS_FILE"]).read_text()
    assert "PGPASSFILE" not in files


def test_generator_and_pool_load_the_same_base_in_the_same_region(tmp_path: Path) -> None:
    made = composed(tmp_path, region="us", training={"base": {"path": "/models/mine", "dtype": "bfloat16"}})
    assert (made.serving.generator.base, made.serving.generator.dtype) == ("/models/mine", "bfloat16")
    assert made.training.base.path == "/models/mine"
    assert made.serving.region == made.training.worker.region == "us"


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    made = composed(tmp_path)
    assert Plan.model_validate_json(made.model_dump_json()) == made


def test_the_smallest_machine_has_room_for_one_of_each() -> None:
    """Ray places by claims: a training that finds no room beside the other services would wait for ever."""
    settings = Settings()
    serving, pool = settings.serving, settings.training.pool
    claimed = serving.generator.cpus_per_replica * serving.generator.max_replicas
    claimed += serving.ingress_cpus * serving.ingress_replicas
    claimed += pool.cpus * pool.workers_per_group * pool.groups
    assert claimed <= LEAST_CPUS


def test_training_without_an_accelerator_uses_every_core(tmp_path: Path) -> None:
    assert composed(tmp_path).training.base.threads == os.cpu_count()
    assert composed(tmp_path, training={"base": {"path": "x", "threads": 1}}).training.base.threads == 1


def test_in_test_mode_the_demos_base_serves_and_no_processor_is_told(tmp_path: Path) -> None:
    own = {"training": {"base": {"path": "/models/large"}}, "serving": {"generator": {"base": "/models/large"}}}
    paid = {"payments": {"secret_file": tmp_path / "key"}, "webhook_secret_file": tmp_path / "secret"}
    live = composed(tmp_path, **own)
    assert (live.training.base.path, live.serving.generator.base) == ("/models/large", "/models/large")
    serving = {**own["serving"], "mode": "test", "billing": paid}
    tried = composed(tmp_path, training=own["training"], serving=serving)
    assert (tried.training.base.path, tried.serving.generator.base) == (str(DEMO_BASE), str(DEMO_BASE))
    assert tried.governance.payments is None


def test_a_request_may_not_ask_for_what_no_worker_takes(tmp_path: Path) -> None:
    worker = {"max_rank": 8, "targets": "attention", "text_encoder": False}
    training = {"base": {"path": "/models/mine", "family": "sdxl"}, "worker": worker}
    asked = {"trainings": {"limits": {"rank": 64, "steps": 500}, "gpu_seconds": {"fast": 9.0}}}
    made = composed(tmp_path, training=training, serving=asked).serving.trainings
    assert made.limits == RecipeLimits(rank=8, steps=500, targets=Targets.ATTENTION, text_encoder=False)
    assert (made.family, made.gpu_seconds["fast"]) == (Family.SDXL, 9.0)


def test_photos_are_looked_at_for_the_demo_world_s_faces_beside_its_base_alone(tmp_path: Path) -> None:
    assert composed(tmp_path).serving.uploads.checks.face_finder == DEMO_CHECKS["face_finder"]
    mine = composed(tmp_path, training={"base": {"path": "/models/mine"}})
    assert mine.serving.uploads.checks.face_finder == ""
    named = composed(tmp_path, serving={"uploads": {"checks": {"face_finder": "my.faces:finder"}}})
    assert named.serving.uploads.checks.face_finder == "my.faces:finder"
