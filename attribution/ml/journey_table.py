"""Journeys in columns as learned models read them: of one person each, with times, and what it led to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from attribution.journeys import Floats, Ints

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class JourneyTable:
    """J journeys of T touches in all; each stands for one person's way, `weights` [J] times (1 where nothing is known).

    `touches` [T] are codes of `channels` (-1: none of them), journey after journey; journey j has those from
    `starts[j]` up to `starts[j + 1]`, at least one (`starts` is [J + 1]). `times` [T] are seconds since 1970, ascending
    within a journey; `is_click` [T] tells clicks from impressions. `platform` and `country` [J] are codes of
    `platforms` and `countries`, -1 where not known. `converted` [J] says whether the journey ended in a conversion.
    Nothing says when: a journey that led to none has no such time, so whatever was measured from it would give the
    answer away.
    """

    channels: tuple[str, ...]
    touches: Ints
    starts: Ints
    times: Floats
    is_click: Bools
    platforms: tuple[str, ...]
    platform: Ints
    countries: tuple[str, ...]
    country: Ints
    converted: Bools
    weights: Floats

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def lengths(self) -> Ints:
        """How many touches each journey has: [J]."""
        return np.diff(self.starts)

    @cached_property
    def owners(self) -> Ints:
        """To which journey each touch belongs: [T]."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def ends(self) -> Floats:
        """When each journey had its last touch: [J], seconds since 1970."""
        return self.times[self.starts[1:] - 1]

    def select(self, which: Bools | Ints) -> "JourneyTable":
        """Give the journeys of a mask [J], or those of an index, in its order and as often as it names them."""
        chosen = np.flatnonzero(which) if which.dtype == np.bool_ else which.astype(np.int64, copy=False)
        return self.with_touches(chosen, *ranges(self.starts[chosen], self.lengths[chosen]))

    def with_touches(self, journeys: Ints, places: Ints, starts: Ints) -> "JourneyTable":
        """Give some journeys with some of their touches: journey k has `places[starts[k]:starts[k + 1]]` of [T]."""
        return JourneyTable(
            channels=self.channels,
            touches=self.touches[places],
            starts=starts,
            times=self.times[places],
            is_click=self.is_click[places],
            platforms=self.platforms,
            platform=self.platform[journeys],
            countries=self.countries,
            country=self.country[journeys],
            converted=self.converted[journeys],
            weights=self.weights[journeys],
        )


def ranges(firsts: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """Give the numbers of many ranges one after the other, and where each range begins (and the last one ends)."""
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return np.arange(starts[-1]) + np.repeat(firsts - starts[:-1], lengths), starts


def concat(tables: Sequence[JourneyTable]) -> JourneyTable:
    """Put tables one after the other; each vocabulary is that of all of them, in the order of its words.

    Raises:
        ValueError: there is no table.
    """
    if not tables:
        raise ValueError("no table to put together")
    channels = _union([table.channels for table in tables])
    platforms = _union([table.platforms for table in tables])
    countries = _union([table.countries for table in tables])
    offsets = np.cumsum([0, *(len(table.touches) for table in tables)])
    shifted = [table.starts[:-1] + offset for table, offset in zip(tables, offsets[:-1], strict=True)]
    return JourneyTable(
        channels=channels,
        touches=np.concatenate([recoded(table.touches, table.channels, channels) for table in tables]),
        starts=np.concatenate([*shifted, offsets[-1:]]),
        times=np.concatenate([table.times for table in tables]),
        is_click=np.concatenate([table.is_click for table in tables]),
        platforms=platforms,
        platform=np.concatenate([recoded(table.platform, table.platforms, platforms) for table in tables]),
        countries=countries,
        country=np.concatenate([recoded(table.country, table.countries, countries) for table in tables]),
        converted=np.concatenate([table.converted for table in tables]),
        weights=np.concatenate([table.weights for table in tables]),
    )


def recoded(codes: Ints, words: Sequence[str], target: Sequence[str], unknown: int = -1) -> Ints:
    """Give codes of `words` as codes of `target`; `unknown` for -1 and for words that it does not have."""
    places = {word: place for place, word in enumerate(target)}
    # The last one is what -1 finds.
    table = np.array([*(places.get(word, unknown) for word in words), unknown], np.int64)
    return table[codes]


def numbered(names: Iterable[str]) -> tuple[tuple[str, ...], Ints]:
    """Number names in the order in which they come; -1 for '', which is not known."""
    codes: dict[str, int] = {}
    coded = [codes.setdefault(name, len(codes)) if name else -1 for name in names]
    return tuple(codes), np.array(coded, np.int64)


def _union(vocabularies: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({word for words in vocabularies for word in words}))
