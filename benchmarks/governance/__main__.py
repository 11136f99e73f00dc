"""Run the measurements and print them."""

import argparse
import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks.circumstances import machine
from benchmarks.governance import actor, erasing, gdprbench, ledger, recall, serving
from cluster.embedded.throwaway import Servers, throwaway_servers

BARS: dict[str, tuple[str, float]] = {
    "register_ops_per_s": ("at least", 10_000),
    "actor_ops_per_s": ("at least", 2_000),
    "closure_ms_p99": ("at most", 10),
    "erase_account_s": ("at most", 10),
    "fence_ms_p99": ("at most", 250),
    "serving_overhead_pct": ("at most", 1),
    "scanner_recall": ("at least", 0.99),
}
GDPR_RATIO = 2
"""How many times slower than a plain table each role of GDPRbench may be."""


def measurements(scale: int) -> dict[str, Callable[[Servers], Coroutine[Any, Any, Any]]]:
    """By the name of their field. `scale`: nodes of the graph in `closure_ms_p99`."""
    return {
        "register_ops_per_s": ledger.register_ops_per_s,
        "actor_ops_per_s": actor.actor_ops_per_s,
        "closure_ms_p99": lambda servers: ledger.closure_ms_p99(servers, scale),
        "erase_account_s": erasing.erase_account_s,
        "fence_ms_p99": erasing.fence_ms_p99,
        "key_destroy_ms_p99": erasing.key_destroy_ms_p99,
        "serving_overhead_pct": serving.serving_overhead_pct,
        "standing_cpu_pct": serving.standing_cpu_pct,
        "scanner_recall": recall.scanner_recall,
        "gdprbench": gdprbench.gdprbench,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.governance", description=__doc__)
    parser.add_argument("--scale", type=int, default=1_000_000, help="artifacts in the graph of closure_ms_p99")
    parser.add_argument("--only", nargs="*", help="measure these fields alone")
    parser.add_argument("--out", type=Path, help="a file for the report, written anew after each field")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args()
    chosen = {name: one for name, one in measurements(options.scale).items() if name in (options.only or [name])}
    report: dict[str, Any] = {"artifacts": options.scale, "machine": machine()}
    with throwaway_servers() as servers:
        for name, measure in chosen.items():
            found = asyncio.run(measure(servers))
            report[name] = round(found, 2) if isinstance(found, float) else found
            report["bars"] = verdicts(report)
            if options.out is not None:
                options.out.write_text(json.dumps(report, indent=2) + "\n")
            if not options.json:
                print(name, report[name], *BARS.get(name, ()), flush=True)
    if options.json:
        print(json.dumps(report))


def verdicts(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each bar with whether it was met."""
    found = {}
    for name, (way, bar) in BARS.items():
        if name in report:
            met = report[name] >= bar if way == "at least" else report[name] <= bar
            found[name] = {"bar": f"{way} {bar}", "met": bool(met)}
    for role, result in report.get("gdprbench", {}).items():
        found[f"gdprbench.{role}"] = {"bar": f"at most {GDPR_RATIO}", "met": result["ratio"] <= GDPR_RATIO}
    return found


if __name__ == "__main__":
    main()
