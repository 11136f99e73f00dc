"""Where a picture comes from and what came of a photo, over HTTP."""

import io
from xml.etree import ElementTree

from PIL import Image

from tests.integration.people import Person


def test_a_picture_says_which_photos_it_is_made_from(person: Person) -> None:
    model = person.train()
    image = person.picture(model=model).json()["data"][0]["artifact"]
    photos = {each["id"] for each in person.http.get("/v1/artifacts", params={"kind": "photo"}).json()["data"]}

    of_image = person.http.get(f"/v1/artifacts/{image}/lineage").json()
    of_photo = person.http.get(f"/v1/artifacts/{min(photos)}/lineage").json()

    assert set(of_image["photos"]) == photos
    assert {model, image} <= {each["id"] for each in of_photo["came_of"]}
    assert {run["purpose"] for run in of_image["runs"]} == {"training", "generation"}


def test_the_same_graph_in_the_formats_of_other_tools(person: Person) -> None:
    model = person.train()
    path = f"/v1/artifacts/{model}/lineage"
    prov = person.http.get(path, params={"format": "prov"}).json()
    events = person.http.get(path, params={"format": "openlineage"}).json()
    svg = person.http.get(path, params={"format": "svg"})
    png = person.http.get(path, params={"format": "png"})
    assert len(prov["entity"]) == 4
    assert len(prov["wasDerivedFrom"]) == 3
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    assert svg.headers["content-type"] == "image/svg+xml"
    assert ElementTree.fromstring(svg.content).tag == "{http://www.w3.org/2000/svg}svg"
    assert png.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(png.content)).format == "PNG"
    assert person.http.get(path, params={"format": "pdf"}).status_code == 422
