import gzip
import io
import json

import pytest

from governance.residue import source as source_module
from governance.residue.canary import Canary
from governance.residue.carve import REACH
from governance.residue.report import Place
from governance.residue.scanner import Scanner
from governance.residue.source import Source, SourceUnreadable, from_bytes


@pytest.fixture(scope="module")
def scanner(secret):
    return Scanner([Canary.photo("photo", secret.photo), Canary.text("name", secret.text)])


def scan(scanner, data):
    report = scanner.scan([from_bytes(Place.LOGS, "a log", data)])
    return {(finding.canary, finding.encoding) for finding in report.findings}


def test_a_report_names_place_source_offset_canary_and_encoding(scanner, secret):
    report = scanner.scan([from_bytes(Place.LOGS, "a log", b"12345" + secret.text.encode())])
    first = report.findings[0]
    assert (first.place, first.source, first.canary) == (Place.LOGS, "a log", "name")
    assert min(finding.offset for finding in report.findings) == 5
    assert report.scanned == {Place.LOGS: 5 + len(secret.text.encode())}
    assert not report.clean
    assert secret.text not in json.dumps(report.to_json(), ensure_ascii=False)


def test_streams_within_streams_are_opened(scanner, secret):
    twice = gzip.compress(gzip.compress(secret.text.encode()))
    assert ("name", "gzip/gzip/text.utf-8") in scan(scanner, b"?" + twice)


def test_deeper_than_anybody_packs_is_left(scanner, secret):
    data = secret.text.encode()
    for _ in range(6):
        data = gzip.compress(data, 0)[:-8] + bytes(8)
    assert isinstance(scan(scanner, data), set)


def test_a_picture_is_recognised_by_its_look(scanner, secret):
    file = secret.image().resize((96, 96))
    assert any(canary == "photo" for canary, _ in scan(scanner, b"??" + saved(file)))


def saved(image):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def test_nothing_is_found_in_a_strangers_data(scanner, stranger):
    data = stranger.photo + stranger.pixels().tobytes() + stranger.tensor.tobytes() + stranger.text[:9].encode()
    assert scan(scanner, data) == set()


def test_what_chunks_cut_in_two_is_found(scanner, secret):
    text = secret.text.encode()
    photo = saved(secret.image().resize((100, 100)))
    for data in (text, photo):
        half = len(data) // 2
        chunks = [(100, bytes(20_000) + data[:half]), (100 + 20_000 + half, data[half:] + bytes(10))]
        report = scanner.scan([Source(Place.DATA, "file", lambda chunks=chunks: iter(chunks))])
        assert any(finding.offset == 20_100 for finding in report.findings)
        assert report.scanned[Place.DATA] == 20_010 + len(data)


@pytest.mark.parametrize(("second", "clean"), [(7, False), (4096, True)])
def test_pieces_are_joined_when_no_gap_is_between(second, clean):
    text = b"a text of one part"
    scanner = Scanner([Canary.text("short", text.decode())])
    chunks = [(0, text[:7]), (second, text[7:])]
    report = scanner.scan([Source(Place.MEMORY, "area", lambda: iter(chunks))])
    assert report.clean is clean


def test_an_unreadable_source_is_reported_and_the_rest_is_read(scanner, secret):
    def broken():
        yield 0, b"fine so far"
        raise SourceUnreadable("Permission denied")

    report = scanner.scan(
        [Source(Place.MEMORY, "process 1", broken), from_bytes(Place.LOGS, "log", secret.text.encode())]
    )
    assert [(u.source, u.why) for u in report.unreadable] == [("process 1", "Permission denied")]
    assert report.scanned[Place.MEMORY] == len(b"fine so far")
    assert report.findings


def test_slices_that_strangers_share_are_not_searched_for(secret):
    canary = Canary.text("name", secret.text)
    common = secret.text.encode()
    scanner = Scanner([canary], strangers=[b"everybody writes " + common])
    assert scan(scanner, common) == set()
    assert scanner.patterns


def test_reach_is_less_than_a_chunk():
    assert REACH < source_module.CHUNK
