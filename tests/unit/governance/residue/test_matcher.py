import os

from governance.residue.matcher import Hit, Matcher, found_in
from governance.residue.patterns import Pattern


def test_it_finds_every_byte_value_at_every_alignment():
    secrets = [bytes(range(256)), b".*+?[](){}\\|^$\x00\n", os.urandom(40)]
    matcher = Matcher([Pattern("x", secret) for secret in secrets])
    for before in range(20):
        for number, secret in enumerate(secrets):
            assert Hit(number, before + len(secret)) in matcher.find(bytes(before) + secret + b"after")


def test_case_matters_unless_it_does_not():
    matcher = Matcher([Pattern("loud", b"Anna Example", caseless=True), Pattern("exact", b"Bert Example")])
    hits = matcher.find(b"ANNA EXAMPLE and BERT EXAMPLE")
    assert [hit.pattern for hit in hits] == [0]


def test_a_pattern_is_reported_once_per_buffer_or_each_time():
    patterns = [Pattern("x", b"needle-needle")]
    buffer = b"needle-needle " * 3
    assert len(Matcher(patterns).find(buffer)) == 1
    assert len(Matcher(patterns, first_only=False).find(buffer)) == 3


def test_nothing_to_search_for_or_in_is_no_error():
    assert Matcher([]).find(b"anything") == []
    assert Matcher([Pattern("x", b"needle")]).find(b"") == []


def test_any_buffer_is_searched_without_a_copy():
    matcher = Matcher([Pattern("x", b"needle")])
    for buffer in (bytearray(b"a needle"), memoryview(b"xxa needle")[2:]):
        assert matcher.find(buffer) == [Hit(0, 8)]


def test_found_in_names_the_slices_that_occur():
    patterns = [Pattern("x", b"common slice"), Pattern("x", b"rare slice")]
    assert found_in(patterns, [b"a common slice here", b"nothing"]) == {b"common slice"}
