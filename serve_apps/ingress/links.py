"""Links to pictures that anyone who has them can follow for a while, as OpenAI's `url` format promises."""

from urllib.parse import urlencode

from fastapi import Request

from governance.model import ArtifactId
from serve_apps.ingress.services import Services


def content_path(artifact: str) -> str:
    """Where the bytes of an artifact are."""
    return f"/v1/artifacts/{artifact}/content"


def signed_link(parts: Services, request: Request, artifact: ArtifactId) -> str:
    """An absolute link that works without a token until its time is over or the artifact is erased."""
    expires_at = parts.now() + parts.settings.images.link_lifetime
    path = content_path(artifact)
    query = urlencode({"expires": int(expires_at.timestamp()), "signature": parts.secrets.sign_link(path, expires_at)})
    base = (parts.settings.public_url or str(request.base_url)).rstrip("/")
    return f"{base}{path}?{query}"
