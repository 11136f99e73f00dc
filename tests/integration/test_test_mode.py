"""Test mode, for developers of client apps: everything works, nothing is charged."""

from pathlib import Path

from cluster.embedded.throwaway import Servers
from serve_apps.config import Mode
from tests.integration.house import SETTINGS, open_house
from tests.integration.people import newcomer


def test_in_test_mode_nothing_is_charged_and_orders_pay_themselves(servers: Servers, tmp_path: Path) -> None:
    """The whole journey with the same answers as a live installation's; no processor is asked."""
    with open_house(servers, tmp_path, settings=SETTINGS.model_copy(update={"mode": Mode.TEST})) as house:
        person = newcomer(house)
        assert person.http.get("/v1/health").json()["mode"] == "test"
        assert person.http.get("/v1/prices").json()["picture"] == 0
        before = person.http.get("/v1/credits").json()
        assert person.picture(model=person.train()).status_code == 200
        assert person.http.get("/v1/credits").json() == before
        order = person.http.post("/v1/orders", json={"pack": "small"}).json()
        assert (order["state"], order["client_secret"].startswith("test_")) == ("created", True)
        assert person.http.get(f"/v1/orders/{order['id']}").json()["state"] == "paid"
        assert person.http.get("/v1/credits").json()["available"] == before["available"] + order["credits"]
        assert person.http.get(f"/v1/orders/{order['id']}/receipt").json()["amount"] == order["amount"]
        person.http.close()
