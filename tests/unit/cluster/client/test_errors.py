from cluster.client.errors import ApiError


def test_the_complaints_are_the_way_out_when_there_are_any() -> None:
    assert "photo 2" in str(ApiError(422, "invalid", "Not valid.", ("photo 2: too small",)))
    assert "HTTP 409, conflict" in str(ApiError(409, "conflict", "Already there."))
