"""How long work tells a person where it is. The same steps go to a terminal, to JSON lines, or nowhere."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Step(Protocol):
    """One piece of work under way."""

    def part(self, done: float, note: str = "") -> None:
        """`done` from 0 to 1; `note` is a word on what happens now."""


class Teller(Protocol):
    """Receives what happens."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """A step that ends when the block does; an error in the block marks it as failed."""

    def say(self, text: str) -> None:
        """One line that stays."""


class Silent:
    """Tells nobody."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        yield self

    def say(self, text: str) -> None:
        """Nothing is said."""

    def part(self, done: float, note: str = "") -> None:
        """Nothing is shown."""


class _TerminalStep:
    def __init__(self, progress: Progress, task: int, title: str) -> None:
        self._progress, self._task, self._title = progress, task, title

    def part(self, done: float, note: str = "") -> None:
        title = f"{self._title} · {note}" if note else self._title
        self._progress.update(self._task, completed=done, total=1.0, description=title)  # type: ignore[arg-type]


class Terminal:
    """Live progress with Rich; plain lines where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        started = time.monotonic()
        columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn()
        try:
            with Progress(*columns, console=self._console, transient=True) as progress:
                task = progress.add_task(title, total=None)
                yield _TerminalStep(progress, task, title)
        except BaseException:
            self._console.print(f"[red]✗[/red] {title}  [dim]{time.monotonic() - started:.1f} s[/dim]")
            raise
        self._console.print(f"[green]✓[/green] {title}  [dim]{time.monotonic() - started:.1f} s[/dim]")

    def say(self, text: str) -> None:
        self._console.print(text)


class _LineStep:
    def __init__(self, title: str) -> None:
        self._title = title

    def part(self, done: float, note: str = "") -> None:
        _line(step=self._title, done=done, note=note)


class JsonLines:
    """One JSON object a line on standard output, for a program that reads along."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        _line(step=title, done=0.0)
        yield _LineStep(title)
        _line(step=title, done=1.0)

    def say(self, text: str) -> None:
        _line(say=text)


def _line(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()
