"""How many groups, and which of them leave."""

import pytest

from governance.ids import JobId, SubjectId
from training.capacity import Beat, plan, surplus, wanted
from training.config import BaseModelSettings, PoolSettings, TrainingSettings, WorkerSettings
from training.queue import Waiting


def settings(**pool: object) -> TrainingSettings:
    return TrainingSettings(
        base=BaseModelSettings(path="none"),
        worker=WorkerSettings(slots=4),
        pool=PoolSettings.model_validate({"groups": 100, "warm": False, **pool}),
    )


@pytest.mark.parametrize(("jobs", "groups"), [(0, 0), (1, 1), (4, 1), (5, 2), (12, 3), (16, 5), (160, 50), (4000, 100)])
def test_groups_for_the_jobs_and_a_quarter_more_for_who_comes_next(jobs: int, groups: int):
    assert wanted("eu", jobs // 2, jobs - jobs // 2, settings()) == groups


def test_without_headroom_packs_are_full_and_a_warm_group_stays_without_work():
    assert wanted("eu", 0, 160, settings(headroom=0.0)) == 40
    assert wanted("eu", 0, 0, settings(warm=True)) == 1


def test_no_more_groups_are_started_than_are_allowed():
    queue = [
        Waiting(JobId(f"job_{number:032x}"), SubjectId("sub_" + "0" * 32), "eu", 10.0, 100, 0.0) for number in range(20)
    ]
    beats = [Beat("w", "g", "eu", (1.0, 2.0, 3.0, 4.0))]
    assert plan(queue, ["eu"], beats, settings()).start == ("eu",) * 6
    assert plan(queue, ["eu"], beats, settings(), {"eu": 3}).start == ("eu",) * 2


GROUPS = {"oldest": "eu", "middle": "eu", "youngest": "eu", "elsewhere": "us"}


def test_the_group_that_disturbs_fewest_jobs_leaves_and_of_equal_ones_the_youngest():
    assert surplus(GROUPS, {"eu": 2}) == ["youngest"]
    assert surplus(GROUPS, {"eu": 2}, {"oldest": 4, "middle": 1, "youngest": 4}) == ["middle"]
    assert surplus(GROUPS, {"eu": 1}, {"oldest": 4, "middle": 1, "youngest": 2}) == ["middle", "youngest"]


def test_a_group_that_is_leaving_already_is_counted_before_another_is_told():
    jobs = {"oldest": 0, "middle": 1, "youngest": 2}
    assert surplus(GROUPS, {"eu": 2}, jobs, frozenset({"youngest"})) == ["youngest"]


def test_a_region_that_nobody_limits_keeps_its_groups():
    assert surplus(GROUPS, {"us": 0}) == ["elsewhere"]
    assert surplus(GROUPS, {"eu": 3, "us": 1}) == []
