"""Boosted trees as plain arrays: fitted by scikit-learn, kept without any of its objects.

An artifact so holds numbers alone, and numbers that were tampered with are found before anything follows them: each
node's children come after it in the same tree, and each split is on a feature that there is. The trees are followed by
scikit-learn's own code, to the last bit as its estimators do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from attribution.journeys import Floats, Ints

_NO_BITSETS = np.zeros((0, 8), np.uint32)
_NO_CATEGORIES = np.zeros(0, np.uint32)

Matrix = NDArray[np.float32] | Floats


@dataclass(frozen=True)
class Boosted:
    """Trees over F features: tree i has `nodes[starts[i]:starts[i + 1]]`; their sum is added to `baseline`.

    Several estimators over the same features are one `Boosted` whose sum is divided by `members`.
    """

    nodes: NDArray[np.void]
    starts: Ints
    features: int
    baseline: float
    members: int = 1

    @classmethod
    def of(cls, *estimators: Any) -> "Boosted":
        """Take the trees of fitted HistGradientBoosting estimators of one output, without categorical features."""
        trees = [predictor.nodes for each in estimators for (predictor,) in each._predictors]  # noqa: SLF001
        return cls(
            nodes=np.concatenate([*trees, np.zeros(0, PREDICTOR_RECORD_DTYPE)]),
            starts=np.concatenate(([0], np.cumsum([len(tree) for tree in trees], dtype=np.int64))).astype(np.int64),
            features=int(estimators[0].n_features_in_),
            baseline=float(sum(each._baseline_prediction.item() for each in estimators)),  # noqa: SLF001
            members=len(estimators),
        )

    def raw(self, matrix: Matrix, threads: int) -> Floats:
        """Add the trees up for rows [I, F]: [I], before any link function."""
        rows = np.ascontiguousarray(matrix, np.float64)
        total = np.full(len(rows), self.baseline)
        for first, last in zip(self.starts[:-1], self.starts[1:], strict=True):
            tree = TreePredictor(self.nodes[first:last], _NO_BITSETS, _NO_BITSETS)
            total += tree.predict(rows, _NO_BITSETS, _NO_CATEGORIES, threads)
        return total / self.members

    def state(self) -> dict[str, Any]:
        """Give the parts for an artifact."""
        return {
            "nodes": self.nodes,
            "starts": self.starts,
            "features": self.features,
            "baseline": self.baseline,
            "members": self.members,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Boosted":
        """Put the parts together again.

        Raises:
            ValueError: they are no trees, or those of another scikit-learn.
        """
        nodes, starts = np.array(state["nodes"]), np.array(state["starts"], np.int64)
        model = cls(nodes, starts, int(state["features"]), float(state["baseline"]), int(state["members"]))
        if nodes.dtype != PREDICTOR_RECORD_DTYPE:
            raise ValueError("trees of another version of scikit-learn")
        _require_sound(model)
        return model


def _require_sound(model: Boosted) -> None:
    """See to it that whoever follows the trees ends, and stays inside them."""
    starts, nodes = model.starts, model.nodes
    sizes = np.diff(starts)
    if starts[0] != 0 or starts[-1] != len(nodes) or (sizes < 1).any() or model.members < 1:
        raise ValueError("trees that do not lie one after the other")
    place = np.arange(len(nodes)) - np.repeat(starts[:-1], sizes)
    inner = nodes["is_leaf"] == 0
    limit = np.repeat(sizes, sizes)[inner]
    for side in ("left", "right"):
        child = nodes[side][inner].astype(np.int64)
        if ((child <= place[inner]) | (child >= limit)).any():
            raise ValueError("a tree with a branch that leads out of it")
    feature = nodes["feature_idx"][inner]
    if ((feature < 0) | (feature >= model.features)).any() or nodes["is_categorical"].any():
        raise ValueError("a tree that asks for a feature that there is not")


def states(models: Sequence[Boosted]) -> list[dict[str, Any]]:
    """Give the parts of several."""
    return [model.state() for model in models]
