import json

from governance.residue.report import Finding, Place, ScanReport, Unreadable


def filled():
    report = ScanReport(canaries=2, patterns=10, seconds=1.23456)
    report.scanned.update({Place.DATA: 100, Place.MEMORY: 50})
    report.sources.update({Place.DATA: 2})
    return report


def test_a_clean_report_says_so():
    assert filled().clean


def test_a_finding_or_a_gap_makes_it_unclean():
    found, unread = filled(), filled()
    found.findings.append(Finding(Place.DATA, "/a/b", 17, "photo-1", "pixels.rgb"))
    unread.unreadable.append(Unreadable(Place.MEMORY, "process 1", "Permission denied"))
    assert not found.clean
    assert not unread.clean
    assert found.by_place("findings") == {"data": 1}
    assert unread.by_place("unreadable") == {"memory": 1}
    assert str(found.findings[0]) == "photo-1 as pixels.rgb in data: /a/b at byte 17"


def test_it_is_json():
    report = filled()
    report.findings.append(Finding(Place.DATA, "/a/b", 17, "photo-1", "pixels.rgb"))
    again = json.loads(json.dumps(report.to_json()))
    assert again["scanned_bytes"] == {"data": 100, "memory": 50}
    assert again["findings"][0]["offset"] == 17
    assert again["seconds"] == 1.235


def test_a_certificate_states_its_counts_and_no_names():
    report = filled()
    report.findings.append(Finding(Place.DATA, "/a/b", 17, "photo-1", "pixels.rgb"))
    report.unreadable.append(Unreadable(Place.MEMORY, "process 1", "Permission denied"))
    result = report.result()
    assert result.scanned == {"data": 100, "memory": 50}
    assert result.counts() == {"bytes": 150, "unreadable": 1, "canaries": 2, "findings": 1}
    assert "process" not in result.model_dump_json()
