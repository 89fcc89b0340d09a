"""How unlike all others an install is, by what may tell a bought or invented one: a suspicion beside the rules.

An isolation forest cuts the installs at random, and what stands apart is alone after few cuts: with h the mean number
of cuts over the trees, and c what it is for n installs of which none stands apart, the score is 2^(-h / c), from 0
to 1. Source: Liu, Ting, Zhou: Isolation forest (2008). It knows no fraud, only what is unusual; so nothing acts on it
unless a tenant's policy says so, and its threshold is set by how many genuine installs may be suspected in vain.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.journeys import Floats, Ints
from attribution.ml.install_tables import InstallFactTable
from attribution.ml.isolation import Isolation
from attribution.ml.vocabulary import coded, words_of

FALSE_POSITIVE_SHARE = 0.01
"""Of the training history, without what rules flagged, at most this share scores above the threshold."""

FEATURES = (
    "ctit_log",
    "hour",
    "candidates_log",
    "clicks_last_hour_log",
    "address_installs_log",
    "address_devices_log",
    "new_device_share",
    "distance_log",
    "os_version_rarity",
    "app_version_rarity",
)

_HOUR_SECONDS = 3_600.0


@dataclass(frozen=True)
class Versions:
    """How rare each version is: `rarities` [words] are negative logarithms of shares; the last word is any other."""

    words: tuple[str, ...]
    rarities: Floats

    def of(self, codes: Ints, words: tuple[str, ...]) -> Floats:
        """Look rarities up: [I]."""
        return self.rarities[coded(codes, words, self.words)]


@dataclass(frozen=True)
class AnomalyModel:
    """A fitted model; `usual` [F] stands where a feature is not known. Above `threshold` an install is suspect."""

    os_versions: Versions
    app_versions: Versions
    usual: Floats
    trees: Isolation
    threshold: float

    feature_names = FEATURES

    @cached_property
    def schema_hash(self) -> str:
        """Stand for what the model reads."""
        return hashlib.sha256(json.dumps(FEATURES).encode()).hexdigest()[:16]

    def features(self, installs: InstallFactTable) -> NDArray[np.float32]:
        """Describe each install: [I, F]."""
        return fact_features(installs, self.os_versions, self.app_versions)

    def score(self, installs: InstallFactTable) -> Floats:
        """Say how unlike all others each install is: [I], from 0 to 1."""
        return self.trees.scores(filled(self.features(installs), self.usual))

    def suspect(self, installs: InstallFactTable) -> NDArray[np.bool_]:
        """Say which installs lie above the threshold: [I]."""
        return self.score(installs) > self.threshold

    def state(self) -> dict[str, Any]:
        """Give the parts for an artifact."""
        return {
            "os_versions": {"words": list(self.os_versions.words), "rarities": self.os_versions.rarities},
            "app_versions": {"words": list(self.app_versions.words), "rarities": self.app_versions.rarities},
            "usual": self.usual,
            "trees": self.trees.state(),
            "threshold": self.threshold,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "AnomalyModel":
        """Put the parts together again.

        Raises:
            ValueError: they do not fit each other.
        """
        model = cls(
            os_versions=_versions(state["os_versions"]),
            app_versions=_versions(state["app_versions"]),
            usual=np.array(state["usual"], np.float64),
            trees=Isolation.from_state(state["trees"]),
            threshold=float(state["threshold"]),
        )
        if model.usual.shape != (len(FEATURES),) or model.trees.features != len(FEATURES):
            raise ValueError("a model whose parts do not fit each other")
        return model


def fact_features(installs: InstallFactTable, os_versions: Versions, app_versions: Versions) -> NDArray[np.float32]:
    """Describe each install: [I, F]; NaN where something is not known."""
    columns = (
        np.log1p(np.maximum(installs.ctit_seconds, 0.0)),
        installs.happened_at // _HOUR_SECONDS % 24,
        np.log1p(installs.candidates),
        np.log1p(installs.clicks_last_hour),
        np.log1p(installs.address_installs),
        np.log1p(installs.address_devices),
        installs.new_device_share,
        np.log1p(installs.distance_km),
        os_versions.of(installs.os_version, installs.os_versions),
        app_versions.of(installs.app_version, installs.app_versions),
    )
    return np.column_stack(columns).astype(np.float32)


def filled(matrix: NDArray[np.float32], usual: Floats) -> NDArray[np.float32]:
    """Put what is usual where a feature is not known: it then speaks for nothing."""
    return np.where(np.isfinite(matrix), matrix, usual.astype(np.float32))


def _versions(state: Mapping[str, Any]) -> Versions:
    made = Versions(words_of(state["words"]), np.array(state["rarities"], np.float64))
    if made.rarities.shape != (len(made.words),):
        raise ValueError("versions without their rarities")
    return made
