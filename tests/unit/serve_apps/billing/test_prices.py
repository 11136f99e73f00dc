"""The price list."""

from pathlib import Path

import pytest

from serve_apps.billing.prices import prices
from serve_apps.ingress.schemas.trainings import Preset


def test_every_preset_has_a_price() -> None:
    assert set(prices().trainings) == set(Preset)
    assert prices().picture > 0


@pytest.mark.parametrize(("amount", "vat"), [(4900, 980), (1, 0), (3, 1), (125, 25)])
def test_vat_is_the_part_of_the_amount_that_it_is(amount: int, vat: int) -> None:
    assert prices().vat_of(amount) == vat


def test_an_operator_s_list_takes_the_place_of_ours(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text('currency = "eur"\nvat_percent = 19\npicture = 2\n[trainings]\nfast = 1\n[packs]\n')
    assert (prices(file).currency, prices(file).picture) == ("eur", 2)
    file.write_text(file.read_text().replace("picture = 2", "picture = -2"))
    with pytest.raises(ValueError, match="picture"):
        prices(file)
