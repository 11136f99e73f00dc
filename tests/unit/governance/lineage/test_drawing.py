import io
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from governance.lineage.drawing import to_png, to_svg
from governance.lineage.graph import Lineage
from governance.lineage.layout import plan

SVG = "{http://www.w3.org/2000/svg}"


def test_the_svg_is_well_formed_and_shows_every_box_and_arrow(world):
    drawn = plan(world.lineage, focus=world.images[0].id)
    root = ElementTree.fromstring(to_svg(drawn))
    texts = {element.text for element in root.iter(f"{SVG}text")}
    assert len(list(root.iter(f"{SVG}rect"))) == len(drawn.boxes)
    assert len(list(root.iter(f"{SVG}path"))) == len(drawn.arrows)
    assert {box.title for box in drawn.boxes.values()} <= texts
    assert {"training", "generation"} <= texts


def test_the_svg_needs_nothing_from_elsewhere(world):
    text = to_svg(plan(world.lineage))
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in text


def test_the_png_has_the_plan_s_size_and_colours(world):
    drawn = plan(world.lineage, focus=world.images[0].id)
    image = Image.open(io.BytesIO(to_png(drawn, scale=2)))
    assert image.size == (round(drawn.width * 2), round(drawn.height * 2))
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for colour in ((219, 234, 254), (254, 215, 170), (241, 245, 249)):
        assert (pixels == colour).all(axis=1).sum() > 1000


def test_an_empty_graph_can_be_drawn():
    empty = plan(Lineage.of([], []))
    assert ElementTree.fromstring(to_svg(empty)).tag == f"{SVG}svg"
    assert Image.open(io.BytesIO(to_png(empty))).size[0] > 0
