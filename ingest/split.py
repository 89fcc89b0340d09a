"""Shares the events of a few requests out among the shards of their tenant.

An event belongs to the shard to which the hash of its id is congruent. Conversions travel in a second round, which is
sent when the first is durable: attribution considers what was committed before a conversion, and the click that came in
the same request may be another shard's.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ingest.dedup import read_hashes
from ingest.frames import join
from ingest.hash_filter import Hashes, Mask
from schemas.batches import ConversionRow, EventBatch, PreparedEvents
from schemas.shards import Shard

Round = dict[int, EventBatch]
"""A batch for each shard that has a part in it. Each batch counts for every request, 0 for those without a part."""


def hashes_of(shard: Shard, hashes: Hashes) -> Hashes:
    """Keep the hashes that a shard takes."""
    return hashes if shard.count == 1 else hashes[hashes % shard.count == shard.index]


def split(requests: Sequence[PreparedEvents], shards: int) -> list[Round]:
    """Make the rounds to be sent one after the other; with one shard, it is a single batch.

    What was refused of a request travels with one part of it, in its last round.
    """
    if shards == 1:
        return [{0: join(requests)}]
    rounds = zip(*(_split_request(request, shards) for request in requests), strict=True)
    return [together for parts in rounds if (together := _join_round(parts, shards))]


def _join_round(parts: Sequence[list[PreparedEvents]], shards: int) -> Round:
    together = {}
    for shard in range(shards):
        own = [request[shard] for request in parts]
        if any(part.received for part in own):
            together[shard] = join(own)
    return together


def _split_request(request: PreparedEvents, shards: int) -> tuple[list[PreparedEvents], list[PreparedEvents]]:
    """Give each shard's part of the other events, and of the conversions."""
    hashes = read_hashes(request.event_hashes)
    rows = request.rows.splitlines(keepends=True)
    homes = hashes % shards
    converts = np.zeros(len(hashes), dtype=np.bool_)
    converts[[conversion.row for conversion in request.conversions]] = True
    others, conversions = (
        [_part(request, hashes, rows, chosen & (homes == shard)) for shard in range(shards)]
        for chosen in (~converts, converts)
    )
    if request.rejected:
        last = conversions if request.conversions else others
        fullest = max(range(shards), key=lambda shard: last[shard].count)
        received = last[fullest].received + request.received - request.count
        last[fullest] = replace(last[fullest], received=received, rejected=request.rejected)
    return others, conversions


def _part(request: PreparedEvents, hashes: Hashes, rows: list[bytes], chosen: Mask) -> PreparedEvents:
    places = np.flatnonzero(chosen).tolist()
    conversions: tuple[ConversionRow, ...] = ()
    if request.conversions:
        moved = {place: row for row, place in enumerate(places)}
        conversions = tuple(replace(each, row=moved[each.row]) for each in request.conversions if each.row in moved)
    return PreparedEvents(
        batch_id=request.batch_id,
        received=len(places),
        rows=b"".join([rows[place] for place in places]),
        count=len(places),
        event_hashes=hashes[chosen].tobytes(),
        conversions=conversions,
        rejected=(),
    )
