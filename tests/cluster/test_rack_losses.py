"""The cluster under load: grown from nothing, its machines lost one by one, a person erased behind a cut wire."""

import json
import threading
import time
from collections.abc import Callable
from statistics import median

import psycopg
import pytest

from cluster.demo.residue import ResidueScan, Traces
from cluster.demo.world import stranger_files
from cluster.embedded.throwaway import Servers
from governance.leases import region_digest
from governance.residue.report import ScanReport
from tests.cluster.customer import Customer, Orders
from tests.cluster.installed import Installed
from tests.cluster.measured import note

NODE = "/opt/pixreunion/.venv/bin/pixreunion node start"
ELSEWHERE = "w3"
GROUP = ("RayTrainWorker", "TrainController", "PlacementGroupCleaner")
# A holder's lease (8 s), two looks of the runner, and the steps themselves on a busy machine.
ERASURE_S = 60.0


class City:
    """The installation with its customers, and what each was promised."""

    def __init__(self, service: Installed) -> None:
        self.service = service
        self.api = self.await_ingress()
        self.trainings: list[tuple[Customer, str]] = []
        self.ada = self.newcomer()
        self.model = self.trained(self.ada)

    def newcomer(self) -> Customer:
        somebody = Customer(lambda: self.api, self.service.trust())
        somebody.join()
        return somebody

    def train(self, customer: Customer) -> str:
        training = customer.train()
        self.trainings.append((customer, training))
        return training

    def trained(self, customer: Customer) -> str:
        """The id of the model."""
        ended = customer.await_training(self.train(customer))
        assert ended["state"] == "succeeded", ended
        return str(ended["model"])

    def machine(self, address: str) -> str:
        return next(name for name, each in self.service.rack.machines.items() if each.address == address)

    def with_generator(self) -> str:
        """The machine on which the first generator runs."""
        return self.machine(self.service.addresses_of("generator")[0])

    def rejoin(self, name: str) -> None:
        rack = self.service.rack
        rack.on(name)
        head = rack.machines["head"].address
        rack.ssh(name, f"{NODE} --head" if name == "head" else f"{NODE} --address {head}")
        self.service.await_nodes(len(rack.machines))
        self.api = self.await_ingress()

    def await_ingress(self) -> list[str]:
        """Addresses of the API when more than one machine has it."""
        eventually(lambda: len(self.service.addresses_of("ingress")) > 1, 300)
        return self.service.addresses_of("ingress")


@pytest.fixture(scope="module")
def city(service: Installed) -> City:
    return City(service)


def traces_of(customer: Customer) -> ResidueScan:
    who = customer.person
    return ResidueScan(Traces([each.data for each in who.uploads[:4]], [], [who.name, who.email]), stranger_files())


def in_memory(city: City, machine: str, scan: ResidueScan) -> ScanReport:
    return scan.run([], city.service.rack.processes(machine))


def eventually(true: Callable[[], object], within_s: float) -> float:
    """Seconds until it was."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s
        threading.Event().wait(0.5)
    return time.monotonic() - began


def test_a_model_is_trained_and_used(city: City) -> None:
    assert city.ada.picture(city.model).startswith(b"\x89PNG")


def test_a_training_starts_from_nothing_and_stays_in_its_region(city: City) -> None:
    """No group lives beforehand. While it trains, the person is in the memory of a machine of the region, and in none
    of the other region's."""
    bea = city.newcomer()
    scan = traces_of(bea)
    training, first_s = first_step(city, bea)
    city.trainings.append((bea, training))
    trainer = city.machine(city.service.addresses_of("RayTrainWorker")[0])
    assert trainer != ELSEWHERE
    held, elsewhere = in_memory(city, trainer, scan), in_memory(city, ELSEWHERE, scan)
    assert held.findings, "the control: a trainer holds the photos"
    assert elsewhere.findings == []
    assert sum(elsewhere.scanned.values()) > 0
    assert bea.await_training(training)["state"] == "succeeded"
    seconds = [first_s, canceled_after_first_step(city), canceled_after_first_step(city)]
    note("first_useful_step_s", round(median(seconds), 1), "training, group from zero")
    note("first_step_runs_s", [round(each, 1) for each in seconds])


def first_step(city: City, customer: Customer) -> tuple[str, float]:
    """A training, and the seconds until it had made a step, no group being alive beforehand, nor just leaving."""
    eventually(lambda: not any(part in name for name in city.service.actors() for part in GROUP), 300)
    began = time.monotonic()
    training = customer.train()
    customer.await_state(training, lambda told: told["progress"] > 0)
    return training, time.monotonic() - began


def canceled_after_first_step(city: City) -> float:
    """Seconds until somebody's training had made a step."""
    somebody = city.newcomer()
    training, seconds = first_step(city, somebody)
    somebody.call("POST", f"/v1/trainings/{training}/cancel")
    assert somebody.await_training(training)["state"] == "canceled"
    return seconds


def test_serving_grows_from_zero_under_load_and_shrinks_again_without_a_failed_request(city: City) -> None:
    eventually(lambda: not city.service.addresses_of("generator"), 300)
    note("first_useful_step_s", round(first_picture(city), 1), "picture, generator from zero")
    crowd = [Orders(Customer(lambda: city.api, city.service.trust(), token=city.ada.token)) for _ in range(6)]
    for each in crowd:
        each.start()
    try:
        grown = eventually(lambda: len(city.service.addresses_of("generator")) == 2, 300)
        for each in crowd:
            each.await_made(2)
    finally:
        for each in crowd:
            each.end()
    eventually(lambda: not city.service.addresses_of("generator"), 300)
    note("second_replica_s", round(grown, 1))
    assert [failed for each in crowd for failed in each.failed] == []
    assert [each.customer.said for each in crowd if set(each.customer.said) - {200}] == []


def first_picture(city: City) -> float:
    began = time.monotonic()
    city.ada.picture(city.model)
    return time.monotonic() - began


@pytest.mark.parametrize("kind", ["generator lost", "trainer lost", "worker cut off", "head lost", "control lost"])
def test_what_was_accepted_ends_exactly_once_when_a_machine_goes(city: City, kind: str) -> None:
    """Pictures are ordered without a pause and a training is under way; what is lost is only brought back when pictures
    have come without it. Governance runs on `c1`, until that is lost; then on the head."""
    somebody, rack = city.newcomer(), city.service.rack
    city.ada.picture(city.model)
    before, trainings = city.ada.held("image"), city.train(somebody)
    somebody.await_state(trainings, lambda told: told["progress"] > 0)
    orders = Orders(city.ada, city.model)
    orders.start()
    try:
        orders.await_made(2)
        generator = city.with_generator()
        trainer = "w1" if generator == "w2" else "w2"
        lost = {
            "generator lost": generator, "trainer lost": trainer, "worker cut off": generator,
            "head lost": "head", "control lost": "c1",
        }[kind]  # fmt: skip
        began = time.monotonic()
        rack.cut(lost) if kind == "worker cut off" else rack.off(lost)
        note("recovery_is", "from the loss of a machine until two pictures came that were ordered after it")
        note("recovery_s", round(orders.await_made(2, since=began), 1), kind)
        rack.heal(lost)
        rack.off(lost)
        began = time.monotonic()
        city.rejoin(lost)
        note("back_s", round(time.monotonic() - began, 1), kind)
    finally:
        orders.end()
    ended = somebody.await_training(trainings)
    assert ended["state"] == "succeeded", ended
    assert somebody.held("adapter") == 1
    assert orders.failed == []
    assert city.ada.held("image") == before + orders.made
    where = city.service.actors()
    governance = {"control lost": "head"}.get(kind, "c1")
    assert {city.machine(one) for one in where["GovernanceActor"]} == {governance}
    assert {"TrainingPool", "Steward"} <= set(where)


def test_an_erasure_keeps_its_bound_while_the_machine_that_holds_the_person_is_cut_off(city: City) -> None:
    cleo = city.newcomer()
    scan = traces_of(cleo)
    cleo.picture(city.trained(cleo), "sks person in front of a very particular green house")
    generator = city.with_generator()
    cut = city.service.rack.machines[generator].address
    city.api = [address for address in city.api if address != cut]
    city.service.rack.cut(generator)
    erased_s = cleo.erase()
    note("erasure_in_partition_s", round(erased_s, 1))
    assert erased_s < ERASURE_S
    found = in_memory(city, generator, scan)
    city.service.rack.heal(generator)
    city.service.rack.off(generator)
    city.rejoin(generator)
    assert found.findings == []


def test_nobodys_data_were_worked_on_outside_their_region(servers: Servers, city: City) -> None:
    """By the audit log alone: everybody here lives in the one region, and so did every holder that was let read."""
    with psycopg.connect(servers.postgres.address.dsn("pixreunion")) as ledger:
        rows = ledger.execute("SELECT convert_from(data, 'UTF8')::jsonb FROM audit_leaves ORDER BY index")
        leaves = [row[0] for row in rows]
    region = {leaf["holder"]: leaf["digest"] for leaf in leaves if leaf["event"] == "holder.opened"}
    readers = {leaf["holder"] for leaf in leaves if leaf["event"] == "artifact.read_granted"}
    assert len(readers) > len(city.trainings)
    assert {region[holder] for holder in readers} == {region_digest("eu")}


def test_no_training_was_lost_or_doubled(city: City) -> None:
    kept = [(who, training) for who, training in city.trainings if not who.erased]
    states = [who.call("GET", f"/v1/trainings/{training}")["state"] for who, training in kept]
    lost = sum(state != "succeeded" for state in states)
    doubled = sum(who.held("adapter") - 1 for who, _ in kept)
    note("jobs", {"accepted": len(city.trainings), "lost": lost, "doubled": doubled})
    assert (lost, doubled) == (0, 0)
    assert json.loads(city.service.on_head(ABROAD).splitlines()[-1]) == []


# Processes of ours that hold people's data, on a machine of another region.
ABROAD = """
import json, ray
ray.init(namespace="pixreunion", log_to_driver=False, logging_level="error")
from ray.util.state import list_actors
there = {node["NodeID"] for node in ray.nodes() if node["Labels"].get("pixreunion.io/region") != "eu"}
held = ("generator", "ingress", "RayTrainWorker", "GovernanceActor", "TrainingPool", "Steward")
print(json.dumps([
    actor.class_name for actor in list_actors(limit=1000)
    if actor.node_id in there and any(word in actor.class_name for word in held)
]))
"""
