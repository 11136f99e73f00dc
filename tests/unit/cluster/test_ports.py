import socket

import pytest

from cluster.errors import PortTaken
from cluster.ports import BLOCK, LOOPBACK, Port, PortBlock, free_block, is_free


def test_every_port_has_its_own_place_in_the_block() -> None:
    assert len({port.value for port in Port}) == len(Port)
    assert max(port.value for port in Port) < BLOCK


def test_a_listener_makes_its_port_not_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_a_taken_port_is_named_with_who_has_it_and_the_way_out() -> None:
    block = free_block()
    with socket.create_server((LOOPBACK, block[Port.S3])), pytest.raises(PortTaken) as refused:
        block.check_free()
    assert str(block[Port.S3]) in refused.value.what
    assert "python" in refused.value.what
    assert "PIXREUNION_PORT_BASE" in refused.value.way_out


def test_only_the_ports_asked_about_are_checked() -> None:
    block = free_block()
    with socket.create_server((LOOPBACK, block[Port.S3])):
        block.check_free(Port.POSTGRES, Port.INGRESS)


def test_a_free_block_is_free() -> None:
    free_block().check_free()


def test_ports_are_neighbours_from_the_base() -> None:
    assert PortBlock(9000)[Port.POSTGRES] == 9000 + Port.POSTGRES
