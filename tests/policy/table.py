"""The table of `docs/policy.md`: each clause with the tests that prove it. `python -m tests.policy.table` writes it."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from governance.policy import shipped

HERE = Path(__file__).parent
DOCUMENT = HERE.parent.parent / "docs" / "policy.md"
HEADING = """# The privacy policy and its proofs

Every clause of the published policy, and the tests in `tests/policy/` that drive the running service through its public
interface and fail when the promise is broken. Written by `make docs` from the tests themselves.

| clause | promise | proven by |
|---|---|---|
"""

_NAME = re.compile(r"test_p(\d+)_(\d+)_")


@dataclass(frozen=True, slots=True)
class Proof:
    """One test: the clause it names, its file, its name and the first line of its docstring."""

    clause: str
    file: str
    name: str
    told: str


def proofs(folder: Path = HERE) -> Iterator[Proof]:
    """All tests whose name carries a clause, `test_p3_5_…` for P3.5."""
    for path in sorted(folder.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (found := _NAME.match(node.name)):
                told = (ast.get_docstring(node) or "").split("\n\n")[0].replace("\n", " ")
                yield Proof(f"P{found[1]}.{found[2]}", path.name, node.name, told)


def table(clauses: Mapping[str, str], found: list[Proof]) -> str:
    """The document; a clause without a test has an empty cell, which a test of the architecture does not accept."""
    rows = [f"| {clause} | {promise} | {_cell(clause, found)} |" for clause, promise in clauses.items()]
    return HEADING + "\n".join(rows) + "\n"


def _cell(clause: str, found: list[Proof]) -> str:
    mine = [proof for proof in found if proof.clause == clause]
    return "<br>".join(f"`{proof.file}::{proof.name}`{' ' + proof.told if proof.told else ''}" for proof in mine)


def current() -> str:
    """The document as it has to be now."""
    return table(shipped().clauses, list(proofs()))


if __name__ == "__main__":
    DOCUMENT.write_text(current())
