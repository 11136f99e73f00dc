"""The client's part for passwords, confirmation and roles."""

from cluster.client.api import Api, idempotent
from serve_apps.ingress.schemas.accounts import StaffAnswer


class StandingApi(Api):
    """Every method raises as those of `Api` do."""

    def confirm(self, code: str) -> None:
        self._tell("/v1/confirmations", {"code": code})

    def change_password(self, current: str, new: str) -> None:
        self._tell("/v1/account/password", {"current": current, "new": new})

    def forgot_password(self, email: str) -> None:
        self._tell("/v1/password-resets", {"email": email})

    def reset_password(self, code: str, new: str) -> None:
        self._tell("/v1/passwords", {"code": code, "password": new})

    def appoint(self, email: str, role: str) -> StaffAnswer:
        """With an operator's pass as the token, or as a cluster admin."""
        return StaffAnswer.model_validate_json(
            self._send("PUT", "/v1/staff", json={"email": email, "role": role}).content
        )

    def _tell(self, path: str, body: dict[str, str]) -> None:
        self._send("POST", path, json=body, headers=idempotent())
