import io

import numpy as np
import pytest
from PIL import Image

from governance.residue.canary import Canary, CanaryRefused
from governance.residue.matcher import Matcher


def shows(canary, data):
    return {canary.patterns[hit.pattern].encoding for hit in Matcher(canary.patterns).find(data)}


def jpeg(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def test_a_photo_is_known_by_its_file_its_pixels_and_its_look(secret):
    canary = Canary.photo("photo-1", secret.photo)
    assert "file" in shows(canary, secret.photo[2000:])
    assert "pixels.rgb" in shows(canary, secret.pixels().tobytes())
    assert canary.likeness.resembles(secret.image())


def test_what_all_files_of_a_format_share_is_not_searched_for(secret, stranger):
    canary = Canary.photo("photo-1", secret.photo)
    assert shows(canary, stranger.photo) == set()


def test_a_decoded_photo_will_do(secret):
    assert "pixels.rgb" in shows(Canary.photo("photo-1", secret.image()), secret.pixels().tobytes())


def test_metadata_are_searched_for(secret):
    exif = Image.Exif()
    exif[0x010E] = "taken at 55.6761 N 12.5683 E by K. Brightwater"
    canary = Canary.photo("photo-1", jpeg(secret.image(), exif=exif, quality=90))
    assert "file.exif" in shows(canary, b"?" * 5 + exif.tobytes())


def test_a_photo_stored_on_its_side_is_found_both_ways(secret):
    exif = Image.Exif()
    exif[0x0112] = 6
    canary = Canary.photo("photo-1", jpeg(secret.image(), exif=exif, quality=95))
    stored = Image.open(io.BytesIO(jpeg(secret.image(), quality=95)))
    for image in (stored, stored.transpose(Image.Transpose.ROTATE_270)):
        assert "pixels.rgb" in shows(canary, np.asarray(image).tobytes())


def test_texts_tensors_and_raw_bytes(secret):
    assert "text.utf-8" in shows(Canary.text("name", secret.text), secret.text.encode())
    assert "tensor.float32" in shows(Canary.tensor("latent", secret.tensor), secret.tensor.tobytes())
    key = bytes(range(100, 132))
    assert shows(Canary.raw("key", key), b"--" + key) == {"bytes"}
    assert shows(Canary.raw("key", key), key.hex().encode()) == {"bytes.hex"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Canary.text("name", "Anna"),
        lambda: Canary.raw("zeros", bytes(1000)),
        lambda: Canary.photo("flat", Image.new("RGB", (64, 64))),
        lambda: Canary.tensor("zeros", np.zeros(1000, np.float32)),
    ],
)
def test_what_would_be_found_everywhere_is_refused(make):
    with pytest.raises(CanaryRefused):
        make()


def test_ids_are_neutral_words():
    with pytest.raises(CanaryRefused, match="neutral"):
        Canary.text("Ada Lovelace", "a text that is long enough")


def test_neither_reports_nor_logs_show_the_content(secret):
    assert secret.text not in repr(Canary.text("name", secret.text))


def test_common_slices_can_be_left_out(secret):
    canary = Canary.text("name", secret.text)
    first = canary.patterns[0].data
    assert first not in {p.data for p in canary.without(frozenset({first})).patterns}
