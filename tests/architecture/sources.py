"""The source files of the houses, for the rules that are tests."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HOUSES = ("governance", "training", "serve_apps", "cluster")


def modules(*houses: str) -> list[Path]:
    """Every Python file of these houses, relative to the repository's root."""
    return sorted(path.relative_to(ROOT) for house in houses or HOUSES for path in (ROOT / house).rglob("*.py"))


def files_of_tests() -> list[Path]:
    return sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py"))


def unit_test_of(module: Path) -> Path:
    """`cluster/ports.py` is tested by `tests/unit/cluster/test_ports.py`."""
    return Path("tests/unit") / module.parent / f"test_{module.name}"


def covered_by() -> dict[Path, Path]:
    """`covered.toml`: modules or folders, and the tests that drive them in company."""
    table = tomllib.loads((Path(__file__).parent / "covered.toml").read_text())
    return {Path(covered): Path(tests) for covered, tests in table.items()}


def nearest(module: Path, entries: Iterable[Path]) -> Path | None:
    """The most particular entry that the module falls under."""
    fitting = [entry for entry in entries if entry == module or entry in module.parents]
    return max(fitting, key=lambda entry: len(entry.parts), default=None)


def reached_from(tests: Path) -> set[Path]:
    """Every file of ours that these tests use, directly or through others; names in strings count as well."""
    start = [tests] if tests.suffix else [path.relative_to(ROOT) for path in (ROOT / tests).rglob("*.py")]
    reached: set[Path] = set()
    waiting = list(start)
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += _used_by((ROOT / path).read_text())
    return reached


_NAME = re.compile(rf"\b(?:{'|'.join((*HOUSES, 'tests'))})(?:\.\w+)+")

_IMPORT = re.compile(r"^from ([\w.]+) import (?:\(([^)]*)\)|([\w ,]+))", re.MULTILINE)


def _used_by(source: str) -> list[Path]:
    """`from a.b import c` uses a/b.py or a/b/c.py; so does the name `a.b:C` in a string."""
    names = set(_NAME.findall(source))
    for package, many, one in _IMPORT.findall(source):
        names |= {f"{package}.{name.strip()}" for name in (many or one).split(",")}
    stems = {Path(*name.split(".")[:depth]) for name in names for depth in range(2, 6)}
    paths = {path for stem in stems for path in (stem.with_suffix(".py"), stem / "__init__.py")}
    return [path for path in paths if (ROOT / path).is_file()]
