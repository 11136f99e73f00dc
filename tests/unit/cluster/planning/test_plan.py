import pytest

from cluster.planning.plan import PICTURES_BY_HOUR, TRAININGS_BY_HOUR, Figures, Load, Prices, answer

FIGURES = Figures(device="d", picture_s=0.5, training_s=300.0, source="a test")
PRICES = Prices(on_demand=2.0, spot=1.0, spot_share=0.5)


def test_the_devices_do_the_days_work_at_the_utilisation_asked_for() -> None:
    made = answer(Load(users=100_000, pictures=10, trainings=0.1), FIGURES, PRICES, utilisation=0.8)
    work_s = 100_000 * (10 * 0.5 + 0.1 * 300)
    assert made.device_hours == pytest.approx(work_s / 3600 / 0.8, rel=1e-3)
    assert made.peak >= max(made.devices_by_hour) > made.peak - 1


def test_sharing_needs_no_more_devices_than_two_pools() -> None:
    made = answer(Load(users=100_000, pictures=10, trainings=0.1), FIGURES, PRICES)
    assert made.peak < made.dedicated_peak
    assert made.cost_per_day < made.dedicated_cost_per_day


def test_costs_follow_device_seconds_and_prices() -> None:
    made = answer(Load(users=1000, pictures=36, trainings=1), FIGURES, PRICES, utilisation=1.0)
    assert made.cost_per_picture == pytest.approx(0.5 / 3600 * 2.0, rel=1e-2)
    assert made.cost_per_training == pytest.approx(300 / 3600 * 1.5, rel=1e-3)


def test_photos_are_taken_in_for_each_training() -> None:
    figures = FIGURES.model_copy(update={"photo_s": 3.0})
    few = answer(Load(users=1000, pictures=0, trainings=1, photos=0), figures, PRICES)
    many = answer(Load(users=1000, pictures=0, trainings=1, photos=100), figures, PRICES)
    assert many.device_hours == pytest.approx(2 * few.device_hours, rel=1e-3)


def test_nobody_asks_for_trainings_and_none_are_paid() -> None:
    assert answer(Load(users=10, pictures=1, trainings=0), FIGURES, PRICES).cost_per_training == 0


def test_a_day_has_its_hours() -> None:
    assert len(PICTURES_BY_HOUR) == len(TRAININGS_BY_HOUR) == 24
