"""Content credentials (C2PA): a signed statement inside the file that a model made the picture, and by whom it was run.

The statement names the service and the kind of source, never a person, a prompt or a model of somebody's.
"""

import io
import json
from dataclasses import dataclass
from typing import Any

import c2pa
import numpy as np
from PIL import Image

from serve_apps.provenance.certificate import NAME, SigningPair

TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
MANIFEST = json.dumps(
    {
        "claim_generator_info": [{"name": NAME, "version": "1"}],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": TYPE}]},
            }
        ],
    }
)
# Nothing is fetched or sent, and there is no second, smaller picture in the file.
_SETTINGS: dict[str, Any] = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_trust": True, "verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}
_RINSE_SIDE = 96
_TRUSTED = "signingCredential.trusted"
_UNTRUSTED = "signingCredential.untrusted"


def _noise() -> bytes:
    """A picture of nothing, of many times the size of the library's buffers."""
    pixels = np.random.default_rng(0).integers(0, 256, (_RINSE_SIDE, _RINSE_SIDE, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


_RINSE = _noise()


@dataclass(frozen=True, slots=True)
class Statement:
    """What a file's credentials say. `intact`: signature and picture belong together. `ours`: signed with our key."""

    intact: bool
    ours: bool


class Credentials:
    """Signs finished pictures and reads what is signed."""

    def __init__(self, pair: SigningPair) -> None:
        trust = {"trust": {"trust_anchors": pair.authority.decode()}}
        self._serial = pair.serial
        self._context = c2pa.Context(c2pa.Settings.from_dict(_SETTINGS | trust))
        info = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, pair.chain, pair.key, None)
        self._signer = c2pa.Signer.from_info(info)

    def sign(self, png: bytes | bytearray) -> bytearray:
        """The picture with its credentials in it."""
        try:
            return self._signed(png)
        finally:
            # The library copies files through buffers on the thread's stack, which nothing else clears.
            self._signed(_RINSE)

    def _signed(self, png: bytes | bytearray) -> bytearray:
        source, out = io.BytesIO(png), io.BytesIO()
        with c2pa.Builder(MANIFEST, self._context) as builder:
            builder.sign(self._signer, "image/png", source, out)
        return bytearray(out.getbuffer())

    def read(self, data: bytes | bytearray, media_type: str) -> Statement | None:
        """What is signed in a file of anybody's; None when nothing is."""
        try:
            with c2pa.Reader(media_type, io.BytesIO(data), context=self._context) as reader:
                document = json.loads(reader.json())
        except (c2pa.C2paError, ValueError):
            return None
        results = document.get("validation_results", {}).get("activeManifest", {})
        failed = {each["code"] for each in results.get("failure", [])} - {_UNTRUSTED}
        passed = {each["code"] for each in results.get("success", [])}
        return Statement(intact=not failed, ours=_TRUSTED in passed and self._signed_by_us(document))

    def _signed_by_us(self, document: dict[str, Any]) -> bool:
        signature = document["manifests"][document["active_manifest"]].get("signature_info", {})
        return self._serial is None or signature.get("cert_serial_number") == str(self._serial)
