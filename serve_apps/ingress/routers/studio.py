"""`GET /studio`: the web studio, a page over this interface with no door of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from fastapi import APIRouter, Response

from governance.errors import NotFound
from governance.people.model import Template

router = APIRouter(prefix="/studio", include_in_schema=False)

PAGE = "studio.html"
ERRANDS = frozenset({Template.CONFIRM_ADDRESS, Template.RESET_PASSWORD})
"""Where links in our e-mails lead; the page itself reads what stands behind their #."""
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

# Only files of ours run or are shown; the browser talks to this service alone, and nobody may put the page in a frame.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page."""

    data: bytes
    media_type: str


@router.get("")
async def read_studio() -> Response:
    """The page."""
    return _served(PAGE)


@router.get("/{name}")
async def read_asset(name: str) -> Response:
    """What the page is put together from."""
    return _served(PAGE if name in ERRANDS else name)


def _served(name: str) -> Response:
    asset = assets().get(name)
    if asset is None:
        raise NotFound("the studio has no such file")
    return Response(asset.data, media_type=asset.media_type, headers=HEADERS)


@cache
def assets() -> Mapping[str, Asset]:
    """Every file of the studio by its name; read once."""
    files = {file.name: file for file in resources.files("serve_apps.studio").iterdir()}
    kept = {name: TYPES[Path(name).suffix] for name in files if Path(name).suffix in TYPES}
    return MappingProxyType({name: Asset(files[name].read_bytes(), media) for name, media in kept.items()})
