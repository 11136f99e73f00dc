"""Words that an officer writes into records that stay: short and lower-case, so that nothing personal fits."""

from governance.audit.errors import LeafRefused
from governance.audit.leaf import check_word
from governance.errors import Refused


def checked(role: str, word: str) -> str:
    """The word itself; `Refused` when it is none."""
    try:
        check_word(role, word)
    except LeafRefused as error:
        raise Refused(str(error)) from None
    return word
