"""Signs pictures in a thread, as a generator does, writes the last one to a file and waits: for a look at what is left
in this process's memory. `python -m tests.unit.serve_apps.provenance.signing FILE`."""

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from serve_apps.config import ProvenanceSettings
from serve_apps.provenance.stamp import Stamp
from tests.unit.serve_apps.checks.pictures import pixels, portraits


def make(file: Path, asked: threading.Event, done: threading.Event) -> None:
    stamp = Stamp(ProvenanceSettings(), b"k" * 32, datetime.now(UTC))
    for portrait in portraits(0, 3):
        png = stamp.png(pixels(portrait))
        with file.open("wb", buffering=0) as out:
            out.write(png)
        png[:] = bytes(len(png))
    done.set()
    asked.wait()


if __name__ == "__main__":
    asked, done = threading.Event(), threading.Event()
    # The thread lives on, and its stack with it.
    maker = threading.Thread(target=make, args=(Path(sys.argv[1]), asked, done))
    maker.start()
    done.wait()
    sys.stdout.write("made\n")
    sys.stdout.flush()
    sys.stdin.readline()
    asked.set()
