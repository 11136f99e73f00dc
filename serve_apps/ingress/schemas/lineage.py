"""The forms in which lineage is shown."""

from enum import StrEnum


class LineageFormat(StrEnum):
    """`prov`: PROV-JSON of the W3C; `openlineage`: run events of its core specification."""

    JSON = "json"
    PROV = "prov"
    OPENLINEAGE = "openlineage"
    SVG = "svg"
    PNG = "png"
