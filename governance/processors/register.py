"""Every third party that these settings name. A new one gets its settings in `config.py` and a line here."""

from collections.abc import Sequence

from governance.blobs.store import BlobStore
from governance.config import GovernanceSettings
from governance.processors.hosting import ObjectHost
from governance.processors.mail import MailRelay
from governance.processors.payments import Customers, StripePayments
from governance.processors.processor import Processor


def third_parties(settings: GovernanceSettings, store: BlobStore, customers: Customers) -> Sequence[Processor]:
    """The object store's host always; the others where they are configured."""
    named: list[Processor] = [ObjectHost(store, settings.blobs.region)]
    if settings.mail is not None:
        named.append(MailRelay(settings.mail))
    if settings.payments is not None:
        named.append(StripePayments(settings.payments, customers))
    return named
