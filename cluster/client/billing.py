"""The client's side of money: prices, credits, orders."""

from cluster.client.api import Api
from serve_apps.ingress.schemas.common import ListOf
from serve_apps.ingress.schemas.orders import EntryAnswer, OrderAnswer, PricesAnswer, ReceiptAnswer, WalletAnswer


class BillingApi(Api):
    """Raises what `Api` raises."""

    def prices(self) -> PricesAnswer:
        return self._get(PricesAnswer, "/v1/prices")

    def credits(self) -> WalletAnswer:
        return self._get(WalletAnswer, "/v1/credits")

    def entries(self) -> list[EntryAnswer]:
        """The latest lines of the journal, newest first."""
        return ListOf[EntryAnswer].model_validate_json(self._send("GET", "/v1/credits/entries").content).data

    def order(self, pack: str) -> OrderAnswer:
        """`client_secret` of the answer is for the payment processor's own form, `payment_url` its page."""
        return self._post(OrderAnswer, "/v1/orders", {"pack": pack})

    def read_order(self, order: str) -> OrderAnswer:
        return self._get(OrderAnswer, f"/v1/orders/{order}")

    def receipt(self, order: str) -> ReceiptAnswer:
        """Raises ApiError `not_ready` before it is paid."""
        return self._get(ReceiptAnswer, f"/v1/orders/{order}/receipt")
