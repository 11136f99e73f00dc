"""Reads pictures and photos from standard input, writes their likeness to standard output; see `scores.likeness`."""

import json
import sys

import numpy as np

from cluster.demo.scores import unpack
from training.demo.identity import likeness


def main() -> None:
    """One number from 0 to 1 for each picture, as a JSON list."""
    pictures, photos = (np.stack([np.asarray(each) for each in part]) for part in unpack(sys.stdin.buffer.read()))
    json.dump(likeness(pictures, photos), sys.stdout)


if __name__ == "__main__":
    main()
