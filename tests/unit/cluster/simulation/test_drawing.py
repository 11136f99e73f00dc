from xml.etree import ElementTree

from cluster.simulation.day import dedicated, shared
from cluster.simulation.drawing import draw, draw_waits
from cluster.simulation.model import World
from cluster.simulation.sweep import by_load

SMALL = World(devices=10, jobs=200, steps=3e7, accounts=40, tick_s=60.0)
_SVG = "{http://www.w3.org/2000/svg}"


def test_each_way_has_its_chart_with_three_lines_inside_the_picture() -> None:
    picture = ElementTree.fromstring(draw({"shared": shared(SMALL), "FIFO & fixed": dedicated(SMALL)}))
    lines = picture.findall(f"{_SVG}polyline")
    assert len(lines) == 6
    high = float(picture.attrib["height"])
    points = [point.split(",") for line in lines for point in line.attrib["points"].split()]
    assert all(0 <= float(y) <= high for _, y in points)
    assert any("FIFO & fixed" in (text.text or "") for text in picture.findall(f"{_SVG}text"))


def test_waits_have_a_line_for_each_kind_of_work_and_way_inside_the_picture() -> None:
    picture = ElementTree.fromstring(draw_waits(by_load(SMALL, (0.5, 1.5))))
    lines = picture.findall(f"{_SVG}polyline")
    assert len(lines) == 4
    points = [point.split(",") for line in lines for point in line.attrib["points"].split()]
    assert all(30 <= float(y) <= float(picture.attrib["height"]) for _, y in points)
