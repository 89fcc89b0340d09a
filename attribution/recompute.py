"""What another policy would move: counts by media source, before and after, and the conversions that change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from attribution.revisions import changes
from schemas.recomputes import Move, RecomputeProgress


class Compared(NamedTuple):
    """A conversion with the result it has, and the one it would have; None if that could not be decided."""

    conversion_id: str
    conversion_time: datetime
    before: Mapping[str, Any]
    after: Mapping[str, Any] | None


def compare(progress: RecomputeProgress, portion: Sequence[Compared]) -> tuple[RecomputeProgress, list[Move]]:
    """Count a portion, in the order of time and id, in; say which of its conversions would move.

    One that could not be decided would keep its result.
    """
    sources = {name: list(counts) for name, counts in progress.sources.items()}
    moves = []
    for each in portion:
        after = each.before if each.after is None else each.after
        sources.setdefault(each.before["media_source"], [0, 0])[0] += 1
        sources.setdefault(after["media_source"], [0, 0])[1] += 1
        if changed := changes(each.before, after):
            moves.append(Move(each.conversion_id, {field: (old, new) for field, old, new in changed}))
    moved = replace(
        progress,
        done=progress.done + len(portion),
        moved=progress.moved + len(moves),
        failed=progress.failed + sum(each.after is None for each in portion),
        at=(portion[-1].conversion_time, portion[-1].conversion_id) if portion else progress.at,
        sources={name: (before, after) for name, (before, after) in sources.items()},
    )
    return moved, moves
