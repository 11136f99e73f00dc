"""The host is at most one step ahead of the device, and speed is what the device does."""

from __future__ import annotations

import torch

from serve_apps.engine.pacing import Pace, marker_of


class Device:
    """A device whose every step takes a second, and the clock that its host reads."""

    def __init__(self) -> None:
        self.now = self.free_at = 0.0
        self.waited: list[int] = []
        self.marks = 0

    def queue(self) -> None:
        self.free_at = max(self.free_at, self.now) + 1.0

    def mark(self) -> Mark:
        self.marks += 1
        return Mark(self, self.marks, self.free_at)


class Mark:
    def __init__(self, device: Device, number: int, at: float) -> None:
        self._device, self._number, self._at = device, number, at

    def synchronize(self) -> None:
        self._device.now = max(self._device.now, self._at)
        self._device.waited.append(self._number)


def test_a_step_is_waited_for_when_the_next_has_been_queued() -> None:
    device = Device()
    pace = Pace(device.mark, lambda: device.now)
    for number in range(1, 5):
        began = device.now
        device.queue()
        pace.queued(cells=10, began=began)
        assert device.waited == list(range(1, number)), "the device has one step to go on with, and only one"
    pace.settle()
    assert device.now == device.free_at == 4.0
    assert device.waited[-2:] == [5, 4], "what was queued after the last step was waited for, too"


def test_speed_is_the_devices_and_not_the_hosts() -> None:
    device = Device()
    pace = Pace(device.mark, lambda: device.now)
    for _ in range(3):
        began = device.now
        device.queue()
        pace.queued(cells=10, began=began)
    pace.settle()
    assert pace.cells_per_s.value == 10.0


def test_without_a_queue_a_step_is_done_when_it_returns() -> None:
    times = iter([2.0, 3.0])
    pace = Pace(marker_of(torch.device("cpu")), lambda: next(times))
    pace.queued(cells=8, began=1.0)
    assert pace.cells_per_s.value == 8.0
    pace.settle()
