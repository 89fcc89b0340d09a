"""The fence around the unit tests holds."""

import asyncio
import socket

import pytest


def test_a_unit_test_cannot_connect() -> None:
    """AssertionError meets whoever opens a connection from a unit test."""
    with socket.socket() as unconnected, pytest.raises(AssertionError, match="tests/integration"):
        unconnected.connect(("127.0.0.1", 9))


def test_a_unit_test_can_run_an_event_loop() -> None:
    """An event loop starts, because its own sockets come as a pair."""
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"
