import pytest

from cluster.planning.gpus import PEAK, estimated
from cluster.topology.model import WORKERS, GpuClass


def test_every_class_that_a_node_type_has_can_be_estimated() -> None:
    assert {kind.gpu for kind in WORKERS} - {GpuClass.NONE} <= set(PEAK)


@pytest.mark.parametrize("gpu", PEAK)
def test_it_is_told_that_it_is_an_estimate(gpu: GpuClass) -> None:
    figures = estimated(gpu)
    assert not figures.measured
    assert str(round(PEAK[gpu])) in figures.source


def test_a_faster_device_takes_less_in_proportion() -> None:
    slow, fast = estimated(GpuClass.L4), estimated(GpuClass.H100)
    ratio = PEAK[GpuClass.H100] / PEAK[GpuClass.L4]
    assert slow.picture_s / fast.picture_s == pytest.approx(ratio, rel=0.01)
    assert slow.training_s / fast.training_s == pytest.approx(ratio, rel=0.01)


def test_a_picture_on_a_large_device_takes_about_a_second() -> None:
    """60 forwards of 6.76 TFLOP at 346 TFLOP/s."""
    assert estimated(GpuClass.H100).picture_s == pytest.approx(1.17, rel=0.01)
