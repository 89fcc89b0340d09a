"""The usual fixtures, on the cluster that a module calls `nodes`."""

import pytest

from tests.cluster.many_nodes import ManyNodes
from tests.stack_fixtures import RunningStack


@pytest.fixture(scope="module")
def running(nodes: ManyNodes) -> RunningStack:
    """Have the usual fixtures and checks use this cluster."""
    return RunningStack(nodes, nodes.failpoints, nodes.operator_key)
