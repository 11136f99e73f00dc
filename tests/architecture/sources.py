"""The source files of the houses, for the rules that are tests."""

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
