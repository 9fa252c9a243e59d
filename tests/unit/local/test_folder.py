"""The data folder of an installation: its ports are chosen once and remembered."""

import socket
from pathlib import Path

from deploy.local.folder import DataFolder


def listen_on(port: int) -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def test_a_port_stays_the_same_while_its_service_listens_there(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    port = folder.port("dialer")

    with listen_on(port):
        assert folder.port("dialer") == port


def test_the_next_run_uses_the_same_port(tmp_path: Path) -> None:
    assert DataFolder(tmp_path).port("dialer") == DataFolder(tmp_path).port("dialer")


def test_a_preferred_port_that_is_taken_gives_way_to_the_next_one(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        preferred = taken.getsockname()[1]

        assert preferred < DataFolder(tmp_path).port("http", preferred) <= preferred + 100
