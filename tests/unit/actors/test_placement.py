"""Where hosts are: what everybody must reckon alike, and nodes that share the work."""

from collections import Counter

import pytest

from actors.placement import node_of, place_of, shared_places
from schemas.ids import TenantId
from schemas.shards import all_shards

NODES = ("c3", "a1", "b2")
T123 = TenantId("t123")


@pytest.mark.parametrize("places", [shared_places(7), tuple(place_of(T123, each, 7) for each in all_shards(7))])
def test_nodes_have_as_many_hosts_as_each_other(places: tuple[str, ...]) -> None:
    """7 hosts on 3 nodes: 2, 2 and 3; so for the shards of a hot tenant."""
    counts = Counter(node_of(place, NODES) for place in places)
    assert sorted(counts.values()) == [2, 2, 3]


def test_all_who_know_the_nodes_choose_the_same() -> None:
    """The same node for each host, whatever order the nodes are listed in."""
    for place in shared_places(5):
        assert node_of(place, NODES) == node_of(place, sorted(NODES))
