"""The words that a model knows: those that most journeys of its training had; all others are one word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.journeys import Floats, Ints, summed
from attribution.ml.journey_table import JourneyTable, recoded

OTHER = "(other)"
CHANNELS_MAX, PLATFORMS_MAX, COUNTRIES_MAX = 20, 8, 30


@dataclass(frozen=True)
class Vocabulary:
    """Words by how common they are; the last of each is `OTHER`, which also stands for what is not known."""

    channels: tuple[str, ...]
    platforms: tuple[str, ...]
    countries: tuple[str, ...]

    @classmethod
    def of(cls, table: JourneyTable) -> "Vocabulary":
        """Choose the words that most journeys have; of channels, that most touches are of."""
        return cls(
            commonest(table.channels, table.touches, table.weights[table.owners], CHANNELS_MAX),
            commonest(table.platforms, table.platform, table.weights, PLATFORMS_MAX),
            commonest(table.countries, table.country, table.weights, COUNTRIES_MAX),
        )

    def state(self) -> dict[str, Any]:
        """Give the parts for an artifact."""
        return {
            "channels": list(self.channels),
            "platforms": list(self.platforms),
            "countries": list(self.countries),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Vocabulary":
        """Put the parts together again.

        Raises:
            ValueError: a word is no text, or the last one is not `OTHER`.
        """
        return cls(*(words_of(state[name]) for name in ("channels", "platforms", "countries")))


def commonest(words: Sequence[str], codes: Ints, weights: Floats, limit: int) -> tuple[str, ...]:
    """Give the words with the greatest weight, ties by the word, and `OTHER`."""
    known = codes >= 0
    sums = summed(codes[known], weights[known], len(words))
    ranked = sorted((-float(total), word) for word, total in zip(words, sums, strict=True) if total > 0)
    return (*[word for _, word in ranked if word != OTHER][:limit], OTHER)


def coded(codes: Ints, words: Sequence[str], target: Sequence[str]) -> Ints:
    """Give codes of `words` as those of a vocabulary: what it does not have is its last word."""
    return recoded(codes, words, target, unknown=len(target) - 1)


def words_of(state: Any) -> tuple[str, ...]:
    """Read the words of an artifact.

    Raises:
        ValueError: one is no text, or the last one is not `OTHER`.
    """
    words = tuple(state)
    if not all(isinstance(word, str) for word in words) or words[-1:] != (OTHER,):
        raise ValueError("a vocabulary without its last word")
    return words


def shares_of(codes: Ints, weights: Floats, size: int) -> Floats:
    """Give the share of the weights that each code has: [size], 0 where there are none."""
    sums = summed(codes, weights, size)
    shares: Floats = sums / max(float(sums.sum()), np.finfo(np.float64).tiny)
    return shares
