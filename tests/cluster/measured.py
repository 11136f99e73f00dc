"""What the cluster's tests measure, kept for `benchmarks.scale`."""

import json

from tests.cluster.machines import ROOT

_FILE = ROOT / "var" / "rack.json"


def note(field: str, value: object, kind: str | None = None) -> None:
    """`kind`: an entry of a field that has several."""
    _FILE.parent.mkdir(exist_ok=True)
    known = json.loads(_FILE.read_text()) if _FILE.exists() else {}
    known[field] = value if kind is None else known.get(field, {}) | {kind: value}
    _FILE.write_text(json.dumps(known, indent=2) + "\n")
