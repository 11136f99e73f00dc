from pathlib import Path
from random import Random

from governance.residue.canary import Canary
from governance.residue.planting import invented_secret, measure_recall, planted
from governance.residue.report import Place
from governance.residue.scanner import Scanner


def test_the_scanner_finds_what_was_planted_and_nothing_else(tmp_path, secret, stranger):
    recall = measure_recall(tmp_path, [secret], [stranger])
    assert recall.recall >= 0.99, recall.missed
    assert recall.false_alarms == ()
    assert recall.planted >= 160


def test_leaks_stand_in_every_kind_of_place_and_are_cleared_away(tmp_path, secret):
    before = set(Path("/dev/shm").iterdir())
    with planted(tmp_path, {"person": secret}, Random(1)) as garden:
        places = {source.place for sources in garden.sources for source in sources()}
    assert places >= {Place.DATA, Place.OBJECT_VERSIONS, Place.MEMORY, Place.SHARED_MEMORY}
    assert {path for path in set(Path("/dev/shm").iterdir()) - before if "planted" in path.name} == set()


def test_a_blind_scanner_would_be_noticed(tmp_path, secret, stranger):
    with planted(tmp_path, {"person-0": secret}, Random(1)) as garden:
        blind = Scanner([Canary.text("person-0-text", stranger.text)])
        report = blind.scan(source for sources in garden.sources for source in sources())
        assert not any(plant.explains(finding) for plant in garden.plants for finding in report.findings)


def test_invented_secrets_are_the_same_each_time_and_differ():
    first, again, other = invented_secret(7, 48), invented_secret(7, 48), invented_secret(8, 48)
    assert first.photo == again.photo != other.photo
    assert first.text == again.text != other.text
