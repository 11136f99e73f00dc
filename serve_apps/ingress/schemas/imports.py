"""What an import made."""

from pydantic import Field

from serve_apps.ingress.schemas.common import Answer


class ImportAnswer(Answer):
    """`ids`: the new id of each thing, by the id it had in the archive."""

    object: str = "import"
    ids: dict[str, str] = Field(
        examples=[{"art_01a20baf9dd6707993b5dc044a7a3ac2": "art_01a20bb09dd6707993b5dc044a7a3ac2"}]
    )
