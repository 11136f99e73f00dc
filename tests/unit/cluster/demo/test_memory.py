import os
import subprocess
import sys

from cluster.demo.memory import PeakMemory, proportional_bytes
from cluster.processes import wait_until

SIZE = 60_000_000
HOG = f"block = bytearray(b'x') * {SIZE}; print('ready', flush=True); input()"


def test_a_process_counts_what_it_holds() -> None:
    with subprocess.Popen([sys.executable, "-c", HOG], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as hog:
        assert hog.stdout is not None
        hog.stdout.readline()
        assert SIZE < proportional_bytes([hog.pid]) < SIZE + 60_000_000
        with PeakMemory(lambda: [hog.pid], every_s=0.01) as memory:
            assert wait_until(lambda: memory.peak_bytes > 0, 10)
        assert memory.peak_bytes > SIZE
        assert memory.peak_rss_bytes >= memory.peak_bytes
        hog.kill()


def test_a_process_that_is_gone_counts_nothing() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert proportional_bytes([gone.pid]) == 0
    assert proportional_bytes([os.getpid()]) > 0
