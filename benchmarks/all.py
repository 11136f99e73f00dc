"""`python -m benchmarks.all`: every benchmark with its defaults, one after the other, each as a line of JSON."""

import json
import subprocess
import sys

BENCHMARKS = ("governance", "generation", "training", "quality", "provenance", "scale")


def main() -> int:
    """The number of benchmarks that failed."""
    failed = 0
    for name in BENCHMARKS:
        print(f"{name} …", file=sys.stderr)
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--json"], stdout=subprocess.PIPE, text=True, check=False
        )
        lines = done.stdout.strip().splitlines()
        failed += done.returncode != 0
        print(
            json.dumps(
                {"benchmark": name, "status": done.returncode, "result": json.loads(lines[-1]) if lines else None}
            )
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
