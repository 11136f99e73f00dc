"""Rules of the code that no other tool checks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, covered_by, files_of_tests, modules, nearest, reached_from, unit_test_of

MAX_FILE_LINES = 600


def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def without_a_test_of_its_name() -> list[Path]:
    """Of the modules that do something: types, protocols and tables of constants have nothing to test."""
    acting = [path for path in modules() if path.name != "__init__.py" and any(map(_acts, functions(path)))]
    return [path for path in acting if not (ROOT / unit_test_of(path)).exists()]


def test_every_module_has_a_test_file_of_its_name_or_tests_that_drive_it_in_company() -> None:
    table = covered_by()
    reached = {entry: reached_from(tests) for entry, tests in table.items()}
    found = {path: nearest(path, table) for path in without_a_test_of_its_name()}
    untested = sorted(str(path) for path, entry in found.items() if entry is None or path not in reached[entry])
    # What still lacks a test is written down; the list only gets shorter.
    assert untested == (ROOT / "tests/architecture/untested.txt").read_text().split()
    assert sorted(str(entry) for entry in set(table) - set(found.values())) == [], "no module needs these any more"


def _acts(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it has a body besides its docstring and `...`."""
    return not all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in function.body)


def test_no_drawer_for_everything() -> None:
    assert [str(path) for path in modules() if path.stem in {"utils", "util", "helpers", "misc", "common_utils"}] == []


def test_files_stay_readable() -> None:
    lines = {str(path): len((ROOT / path).read_text().splitlines()) for path in modules()}
    assert {path: count for path, count in lines.items() if count > MAX_FILE_LINES} == {}


def test_nine_functions_in_ten_fit_on_a_screen() -> None:
    sizes = [(node.end_lineno or 0) - node.lineno + 1 for path in modules() for node in functions(path)]
    assert sum(size <= 30 for size in sizes) / len(sizes) >= 0.9


@pytest.mark.parametrize("house", ["governance", "training", "serve_apps", "cluster"])
def test_every_public_module_says_what_it_is_for(house: str) -> None:
    silent = [
        str(path) for path in modules(house) if not ast.get_docstring(parsed(path)) and (ROOT / path).stat().st_size
    ]
    assert silent == []


def test_the_environment_is_read_by_settings_alone() -> None:
    readers = [
        str(path)
        for path in modules()
        if path.name != "config.py" and re.search(r"os\.(environ\b|getenv\b)", (ROOT / path).read_text())
    ]
    assert readers == []


def test_no_test_sleeps_or_is_skipped() -> None:
    forbidden = re.compile(r"time\.sleep\((?!60\))|pytest\.(skip|xfail|importorskip)|mark\.(skip|xfail)")
    found = {str(path) for path in files_of_tests() if forbidden.search((ROOT / path).read_text())}
    assert found - {"tests/architecture/test_rules.py"} == set()


def test_nothing_unfinished_is_left() -> None:
    unfinished = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XXX|NotImplemented" + r"Error)\b")
    assert [str(path) for path in modules() if unfinished.search((ROOT / path).read_text())] == []


def test_no_import_circles() -> None:
    graph = {_dotted(path): _imports(path) for path in modules()}
    assert _circle(graph) == []


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> set[str]:
    """Modules of ours that this one imports when it is loaded."""
    found: set[str] = set()
    for node in parsed(path).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    known = {_dotted(module) for module in modules()}
    # A module imports its package; that is no circle while the package imports nothing back.
    return {name for name in found & known if not _dotted(path).startswith(f"{name}.")}


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one circle, or none."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for after in sorted(graph.get(name, ())):
            if circle := visit(after, [*path, name]):
                return circle
        done.add(name)
        return []

    return next(filter(None, (visit(name, []) for name in sorted(graph))), [])


def test_a_file_that_is_rays_driver_has_a_process_of_its_own() -> None:
    """`make test` starts one for each that is marked: what a Ray leaves in a process may end it at the next one's."""
    unmarked = []
    for path in sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")):
        calls = {ast.unparse(node.func) for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)}
        if "ray.init" in calls and "pytest.mark.driver" not in (ROOT / path).read_text():
            unmarked.append(str(path))
    assert unmarked == []
