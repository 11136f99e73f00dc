"""Where the shipped weights are, and how large they are."""

from pathlib import Path

FOLDER = Path(__file__).parent / "weights"
BASE = FOLDER / "base"
ENCODER = FOLDER / "encoder.safetensors"
FINDER = FOLDER / "finder.safetensors"
SCENE_CHECKER = FOLDER / "scene.safetensors"
EXPRESSION_CHECKER = FOLDER / "expression.safetensors"


def megabytes(path: Path) -> float:
    """The size of a file, or of everything in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6
