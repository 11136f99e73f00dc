"""Who only starts the service does not wait for what makes pictures."""

import subprocess
import sys

from tests.architecture.sources import ROOT

HEAVY = ("torch", "diffusers", "transformers")


def test_deploying_loads_no_tensors() -> None:
    code = "import sys, cluster.deploy.application, cluster.bootstrap; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(HEAVY) & set(loaded.stdout.split()) == set()
