"""An operator's folder of photos, and what is wrong with it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.errors import InvalidJob, NoPhotos, UnreadablePhoto
from training.folder import files_of, read_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("b.JPG", "a.png")):
        Image.new("RGB", (20, 30), (100 * number, 50, 50)).save(tmp_path / name)
    (tmp_path / "a.txt").write_text("a face\n in the  sun\n")
    (tmp_path / "notes.md").write_text("no picture")
    return tmp_path


def test_photos_come_by_name_with_the_captions_beside_them(folder: Path) -> None:
    photos = read_folder(folder, 8, "somebody")
    assert photos.captions == ["a face in the sun", "somebody"]
    assert photos.pixels.shape == (2, 8, 8, 3)
    assert photos.pixels.dtype == np.uint8
    assert photos.pixels[0].mean() > photos.pixels[1].mean()


def test_a_file_that_is_no_picture_is_named(folder: Path) -> None:
    (folder / "c.jpg").write_bytes(b"no picture at all")
    with pytest.raises(UnreadablePhoto, match=r"c\.jpg cannot be read as a picture: replace or remove it"):
        read_folder(folder, 8, "")


def test_an_empty_or_missing_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(NoPhotos, match="holds no photo; put pictures"):
        read_folder(tmp_path, 8, "")
    with pytest.raises(InvalidJob, match="is no folder"):
        files_of(tmp_path / "nowhere")


def test_a_caption_in_another_encoding_is_explained(folder: Path) -> None:
    (folder / "b.txt").write_bytes("Grüße".encode("latin-1"))
    with pytest.raises(InvalidJob, match=r"b\.txt is no UTF-8 text"):
        read_folder(folder, 8, "")
