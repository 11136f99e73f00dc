from cluster.embedded.seaweed import BUCKET
from cluster.embedded.throwaway import throwaway_servers


def test_nothing_is_left_of_throwaway_servers() -> None:
    with throwaway_servers() as servers:
        servers.s3.client().put_object(Bucket=BUCKET, Key="a", Body=b"b")
        marks = servers.postgres.running(), servers.s3.running()
        assert all(mark is not None and mark.alive for mark in marks)
        root = servers.home.root
    assert not any(mark is not None and mark.alive for mark in marks)
    assert not root.exists()
