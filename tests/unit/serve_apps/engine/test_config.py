"""An engine that cannot work is refused when it is configured."""

from __future__ import annotations

from typing import Any

import pytest

from serve_apps.engine.config import EngineConfig, Execution


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"row_buckets": (1, 2, 4)}, "end with max_rows=16"),
        ({"row_buckets": (4, 2, 16)}, "must rise"),
        ({"max_rows": 1, "row_buckets": (1,)}, "at least 2"),
        ({"slots": 3}, "at least max_rows"),
        ({"sizes": ()}, "at least one resolution"),
    ],
)
def test_impossible_sizes_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EngineConfig(**wrong)


def test_eager_runs_exact_batches_and_compiled_code_runs_buckets() -> None:
    assert EngineConfig().bucket(5) == 5
    compiled = EngineConfig(execution=Execution.COMPILED)
    assert [compiled.bucket(n) for n in (1, 3, 5, 9, 16)] == [1, 4, 6, 12, 16]
