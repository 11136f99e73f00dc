"""The campaign of erasures under faults (`benchmarks/governance/campaign`), a small one for each seed."""

from pathlib import Path

import pytest

from benchmarks.governance.campaign.__main__ import run


@pytest.mark.timeout(1800)
async def test_nothing_is_left_behind(tmp_path: Path, fault_seed: int) -> None:
    report = await run(erasures=6, seed=fault_seed, people=6, folder=tmp_path)
    assert report["clean"], report
    assert report["erasures"] == report["certificates"] >= 6
    assert report["residues"] == report["orphans"] == report["resurrections"] == report["changed"] == 0
