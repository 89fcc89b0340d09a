"""Which process serves a shard, and where. Most tenants share a few hosts; a shard of a hot one has one of its own.

Whoever calls reckons the place out: nobody keeps a list, and nobody has to be asked. Should two ever disagree, because
the number of hosts was changed while both ran, the epoch lets only one of them write.
"""

from collections.abc import Collection

import xxhash

from schemas.ids import TenantId
from schemas.shards import WHOLE_TENANT, Shard

_HOSTS = "host/"
_TENANTS = "tenant/"


def place_of(tenant_id: TenantId, shard: Shard, hosts: int) -> str:
    """Name the process of a shard, where so many hosts are shared.

    Rendezvous hashing: when their number changes, only the tenants of the host that comes or goes move.
    """
    if shard != WHOLE_TENANT:
        return f"{_TENANTS}{tenant_id}/{shard}"
    best = max(range(hosts), key=lambda host: xxhash.xxh3_64_intdigest(f"{host}/{tenant_id}".encode()))
    return f"{_HOSTS}{best}"


def node_of(place: str, nodes: Collection[str]) -> str:
    """Choose the node of a place among the ids of those that may have it: the hosts, and a tenant's shards, take turns.

    Ray spreads what one node asks for, and for each of them it begins with the same. Hosts are started from many, by
    whoever is first to need them: two were found on one node, and none on another.
    """
    group, _, number = place.rpartition("/")
    index = int(number.partition("of")[0])
    return sorted(nodes)[(xxhash.xxh3_64_intdigest(group.encode()) + index) % len(nodes)]


def shared_places(hosts: int) -> tuple[str, ...]:
    """Name the hosts that tenants share."""
    return tuple(f"{_HOSTS}{host}" for host in range(hosts))


def is_shared(place: str) -> bool:
    """Say whether a place is a host that tenants share."""
    return place.startswith(_HOSTS)


def is_place(name: str) -> bool:
    """Say whether a name in Ray's namespace is that of a place."""
    return name.startswith((_HOSTS, _TENANTS))
