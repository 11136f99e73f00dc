import httpx

from cluster.client.together import TogetherApi

SHARE = {
    "object": "share", "id": "shr_1", "model": "art_1", "giver": "sub_1", "receiver": "sub_2",
    "given_at": "2026-01-31T12:00:00Z", "withdrawn_at": None,
}  # fmt: skip
CHECKED = {
    "accepted": False,
    "data": [
        {
            "number": 0, "accepted": False, "width": 48, "height": 48, "sharpness": 3.0,
            "remarks": [{"code": "photo_blurred", "detail": "the photo is blurred"}],
        }
    ],
}  # fmt: skip
VERIFIED = {
    "made_here": True,
    "watermark": {"found": True, "score": 20.0},
    "credentials": {"found": False, "intact": False, "signed_here": False},
}
ANSWERS = {"/v1/uploads/checks": CHECKED, "/v1/verify": VERIFIED, "/v1/shares/shr_1": SHARE}


def test_each_call_goes_where_it_belongs() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        shares = {"object": "list", "data": [SHARE]} if request.method == "GET" else SHARE
        return httpx.Response(200, json=ANSWERS.get(request.url.path, shares))

    client = TogetherApi("http://service.test", "pxr_1", transport=httpx.MockTransport(answer))
    assert client.check([("a.png", b"photo")]).data[0].remarks[0].code == "photo_blurred"
    assert client.verify(b"picture").made_here
    assert client.share("art_1", "sub_2") == client.shares()[0] == client.withdraw_share("shr_1")
    assert [(one.method, one.url.path) for one in seen] == [
        ("POST", "/v1/uploads/checks"), ("POST", "/v1/verify"),
        ("POST", "/v1/shares"), ("GET", "/v1/shares"), ("DELETE", "/v1/shares/shr_1"),
    ]  # fmt: skip
    assert b'name="photos"; filename="a.png"' in seen[0].read()
    assert b'name="picture"' in seen[1].read()
