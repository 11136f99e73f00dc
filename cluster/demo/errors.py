"""What makes the demonstration fail.

ClusterError
└── Broken      a promise that the demonstration checks was not kept
"""

from cluster.errors import ClusterError


class Broken(ClusterError):
    """Something that must be true was not."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "This is a fault of the service; please report it with the lines above.")
