"""What the documents say is so: files they name exist, commands they show are commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from cluster.cli.program import app
from governance.policy import shipped
from tests.architecture.sources import ROOT
from tests.policy.table import DOCUMENT, current, proofs

PAGES = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")
DOCUMENTS = [*(ROOT / page for page in PAGES), *sorted((ROOT / "docs").rglob("*.md"))]
_PATH = re.compile(r"`((?:governance|training|serve_apps|cluster|tests|benchmarks|docs)/[\w./-]*\w)`")
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def named(document: Path) -> set[str]:
    return set(_PATH.findall(document.read_text()))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_a_document_names_exists(document: Path) -> None:
    assert sorted(path for path in named(document) if not (ROOT / path).exists()) == []


def test_the_journeys_name_a_file_in_every_step() -> None:
    steps = re.findall(r"^\d+\. .*(?:\n   .*)*", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    assert len(steps) >= 15
    assert [step for step in steps if not _PATH.search(step)] == []


def test_the_table_of_the_policy_is_current() -> None:
    assert DOCUMENT.read_text() == current(), "`make docs` writes it anew"


def test_every_proof_names_a_clause_that_exists() -> None:
    assert {proof.clause for proof in proofs()} - set(shipped().clauses) == set()


def commands() -> Iterator[list[str]]:
    for document in DOCUMENTS:
        for block in _BLOCK.findall(document.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip() and not line.strip().startswith("#"):
                    yield shlex.split(line, comments=True)


def test_make_targets_in_documents_exist() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {word for command in commands() if command[0] == "make" for word in command[1:] if "=" not in word}
    assert used
    assert used - targets == set()


def test_pixreunion_commands_in_documents_exist() -> None:
    known = _known(typer.main.get_command(app))
    used = [command for command in commands() if command[0].endswith("pixreunion")]
    assert used
    wrong = [command for command in used if not any(tuple(command[1 : 1 + len(name)]) == name for name in known)]
    assert wrong == []


def _known(command: object, name: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    below = getattr(command, "commands", None)
    if not below:
        return {name}
    return {found for word, each in below.items() for found in _known(each, (*name, word))}
