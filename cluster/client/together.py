"""The client's side of what surrounds pictures: photos looked at, consents between people, where a picture is from."""

from collections.abc import Sequence

from cluster.client.api import Api
from serve_apps.ingress.schemas.checks import CheckedPhotos
from serve_apps.ingress.schemas.shares import ShareAnswer, SharesAnswer
from serve_apps.ingress.schemas.verify import VerifyAnswer


class TogetherApi(Api):
    """Raises what `Api` raises."""

    def check(self, photos: Sequence[tuple[str, bytes]]) -> CheckedPhotos:
        """What would be said of the photos, given as names and bytes; nothing is kept."""
        files = [("photos", (name, data, "application/octet-stream")) for name, data in photos]
        return CheckedPhotos.model_validate_json(self._send("POST", "/v1/uploads/checks", files=files).content)

    def verify(self, picture: bytes) -> VerifyAnswer:
        """Whether the picture was made by this service. Needs no token."""
        files = {"picture": ("picture", picture, "application/octet-stream")}
        return VerifyAnswer.model_validate_json(self._send("POST", "/v1/verify", files=files).content)

    def share(self, model: str, receiver: str) -> ShareAnswer:
        """The caller agrees that the receiver makes pictures of both, with this model of the caller's."""
        return self._post(ShareAnswer, "/v1/shares", {"model": model, "receiver": receiver})

    def shares(self) -> list[ShareAnswer]:
        """In force, given and received, newest first."""
        return self._get(SharesAnswer, "/v1/shares").data

    def withdraw_share(self, share: str) -> ShareAnswer:
        """Every picture of both is erased."""
        return ShareAnswer.model_validate_json(self._send("DELETE", f"/v1/shares/{share}").content)
