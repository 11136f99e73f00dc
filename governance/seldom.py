"""Warnings that would come again and again while a server is away: each is written once, then once a minute at most."""

import logging
from collections.abc import Callable
from math import inf
from time import monotonic

_PERIOD_S = 60.0
_KNOWN = 200


class SeldomLogger:
    """`warning` as of the logger it is made for, but the same line only once in `period_s` seconds; it then says how
    often it was left out. Not for lines with ids in them: a few hundred different ones are remembered."""

    def __init__(
        self, logger: logging.Logger, period_s: float = _PERIOD_S, clock: Callable[[], float] = monotonic
    ) -> None:
        self._logger, self._period_s, self._clock = logger, period_s, clock
        self._last: dict[str, tuple[float, int]] = {}

    def warning(self, text: str, *words: object) -> None:
        line, now = text % words, self._clock()
        written, left_out = self._last.get(line, (-inf, 0))
        if now - written < self._period_s:
            self._last[line] = written, left_out + 1
            return
        if len(self._last) >= _KNOWN:
            self._last.clear()
        self._last[line] = now, 0
        again = f" ({left_out} times more since the last one)" if left_out else ""
        self._logger.warning("%s%s", line, again)
