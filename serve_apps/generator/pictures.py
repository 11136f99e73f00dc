"""Pictures as PNG, in memory; the pixels they were made from are overwritten."""

import io

from PIL import Image

from serve_apps.engine.model import Picture


def png_of(picture: Picture) -> bytearray:
    """`picture` uint8 `[height, width, 3]` as a PNG without any metadata; `picture` itself is zeroed."""
    buffer = io.BytesIO()
    Image.fromarray(picture, "RGB").save(buffer, "PNG", compress_level=4)
    if picture.flags.writeable:
        picture[:] = 0
    view = buffer.getbuffer()
    png = bytearray(view)
    view[:] = bytes(len(view))
    return png
