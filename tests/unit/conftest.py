"""Unit tests touch pure code only: a connection or a Ray cluster is an error here.

asyncio's own wake-up sockets come as a connected pair, so event loops still work.
"""

import socket
import sys
from typing import Any, NoReturn

import pytest
from hypothesis import settings

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _no_outside_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _refuse_connection)
    monkeypatch.setattr(socket.socket, "connect_ex", _refuse_connection)
    # Importing Ray takes a second; who has not imported it cannot start it.
    if "ray" in sys.modules:
        monkeypatch.setattr(sys.modules["ray"], "init", _refuse_ray)


def _refuse_connection(_socket: socket.socket, address: Any) -> NoReturn:
    raise AssertionError(f"A unit test connects to {address}; it belongs in tests/integration.")


def _refuse_ray(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise AssertionError("A unit test starts Ray; it belongs in tests/integration.")
