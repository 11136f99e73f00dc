"""How many streams of events each person has open at this replica."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from governance.ids import SubjectId
from serve_apps.ingress.errors import TooManyAttempts

MOST = 8


class Followers:
    """Counts them; nothing of it is stored."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._open = most, Counter[str]()

    @contextmanager
    def one_more(self, owner: SubjectId) -> Iterator[None]:
        """For as long as it is open. `TooManyAttempts` when there are too many."""
        if self._open[owner] >= self._most:
            raise TooManyAttempts(f"you follow your events on {self._most} connections already", retry_after_s=10)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]
