"""Shards: a tenant's work, shared out among a few actors by event id."""

from dataclasses import dataclass

from schemas.limits import SHARDS_MAX


@dataclass(frozen=True, slots=True)
class Shard:
    """One place in a layout: `index` of `count`, from 0.

    It takes the events whose id's 64-bit hash is congruent to `index` modulo `count`, so that whoever sends an event
    again reaches whoever remembers it; and it finishes what is left by the shards of earlier layouts that are congruent
    to it, so that whatever the layout becomes, somebody finishes everything, and nobody does so twice.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        assert 0 <= self.index < self.count <= SHARDS_MAX, self

    def __str__(self) -> str:
        """Name it in logs and in actors' names."""
        return f"{self.index}of{self.count}"


WHOLE_TENANT = Shard(0, 1)


def all_shards(count: int) -> tuple[Shard, ...]:
    """List the places of a layout."""
    return tuple(Shard(index, count) for index in range(count))
