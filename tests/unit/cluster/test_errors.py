from cluster import errors
from cluster.errors import ClusterError, PortTaken


def test_an_error_says_what_happened_and_the_way_out() -> None:
    assert str(PortTaken("Port 80 is in use.", "Choose another.")) == "Port 80 is in use. Choose another."


def test_the_tree_at_the_top_names_every_error() -> None:
    assert errors.__doc__ is not None
    kinds = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ClusterError)]
    assert [kind.__name__ for kind in kinds if kind.__name__ not in errors.__doc__] == []
