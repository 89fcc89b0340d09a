"""Ports for a stack that is about to start."""

import subprocess
import sys

from local.free_ports import free_block, is_free

_ASK = "from local.free_ports import free_block; print(free_block().tenant); input()"


def test_two_who_look_at_once_find_different_ports() -> None:
    """Ten processes, each of which keeps its own until it ends: of twenty runs none is given twice."""
    asking = [
        subprocess.Popen([sys.executable, "-c", _ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    try:
        found = [each.stdout.readline() for each in asking if each.stdout]
    finally:
        for each in asking:
            each.communicate("\n")
    assert len(set(found)) == 10


def test_ports_are_free_again_when_the_next_are_looked_for() -> None:
    """All of the first run, and none of them is of the second."""
    first = free_block()
    assert not all(map(is_free, range(first.tenant, first.worker_first)))
    second = free_block()
    assert second.tenant != first.tenant
    assert all(map(is_free, range(first.tenant, first.worker_first)))
