"""Everything a client app does, typed: the whole API but the staff's part of it."""

from cluster.client.billing import BillingApi
from cluster.client.events import EventsApi
from cluster.client.rights import RightsApi
from cluster.client.support import SupportApi
from cluster.client.together import TogetherApi


class Client(RightsApi, EventsApi, BillingApi, SupportApi, TogetherApi):
    """`Client(url, token)`; see `docs/recipes.md`."""
