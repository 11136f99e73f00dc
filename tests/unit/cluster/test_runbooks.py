"""Runbooks name commands that exist, with options that they take, and every alert names a runbook that exists."""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from ray.scripts import scripts

from cluster.cli.program import app
from cluster.observability.alerts import ALERTS
from training.demo import pretrain

DOCS = Path(__file__).parent.parent.parent.parent / "docs"
RUNBOOKS = sorted((DOCS / "runbooks").glob("*.md"))
NEEDED = {
    "deploy", "retrain-base", "erasure-drill", "backup", "stuck-training", "node-not-scaling", "out-of-memory",
    "overdue-erasure", "webhook-backlog", "lost-head", "epoch-rotation", "restore", "retention",
}  # fmt: skip
# Debian's own, which this test does not know the options of.
SYSTEM = {"curl", "df", "du", "free", "timedatectl", "kubectl"}
_ASSIGNED = re.compile(r"[A-Z_0-9]+=\S*")


def commands(text: str) -> Iterator[str]:
    """Lines of `sh` blocks, and indented ones that begin like a command."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from (line.strip() for line in block.splitlines() if line.strip())
    for line in re.findall(r"^ {4,}((?:pixreunion|ray|[A-Z_]+=\S+ ray) .*)$", text, re.MULTILINE):
        if f"```sh\n{line}" not in text:
            yield line.strip()


def check(words: Sequence[str]) -> None:
    """Fails for a program, command or option that is not there; looks into what a command runs in its turn."""
    words = list(words)
    while words and (words[0] == "env" or _ASSIGNED.fullmatch(words[0])):
        words.pop(0)
    program, *given = words
    if program in SYSTEM:
        return
    if program == "python":
        module, given = given[1], given[2:]
        assert module == "training.demo.pretrain", words
        parsed(typer.main.get_command(pretrain.app), given)
        return
    root = {"pixreunion": typer.main.get_command(app), "ray": scripts.cli}[program]
    inner = parsed(root, given)
    if inner:
        check(inner)


def parsed(command: Any, given: list[str]) -> list[str]:
    """Takes the words as click would, to the last command; what that one runs. Typer has a click of its own."""
    with command.make_context(command.name, list(given)) as context:
        if hasattr(command, "resolve_command"):
            _, found, left = command.resolve_command(context, [*context._protected_args, *context.args])
            return parsed(found, left)
        run = context.params.get("entrypoint") or (context.params.get("command") if command.name == "run" else None)
        return list(run or ())


@pytest.mark.parametrize("path", [DOCS / "cluster.md", *RUNBOOKS], ids=lambda path: path.stem)
def test_its_commands_exist(path: Path) -> None:
    told = list(commands(path.read_text()))
    assert told
    for line in told:
        check(shlex.split(line))


@pytest.mark.parametrize(
    "line", ["pixreunion deplyo", "pixreunion top --onc", "ray job submitt -- true", "pixreunion node run ray stauts"]
)
def test_a_misspelt_command_is_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"No such (command|option)"):
        check(shlex.split(line))


def test_there_is_one_for_every_job_and_incident_and_all_are_listed() -> None:
    assert {path.stem for path in RUNBOOKS} == NEEDED
    listed = set(re.findall(r"runbooks/([\w-]+)\.md", (DOCS / "cluster.md").read_text()))
    assert listed == NEEDED


def test_every_alert_names_a_runbook_that_names_it() -> None:
    for alert in ALERTS:
        text = (DOCS / "runbooks" / alert.runbook).read_text()
        assert text, alert
