"""An isolation forest as plain arrays: grown by scikit-learn, kept and followed without any of its objects.

Source of the score: Liu, Ting, Zhou: Isolation forest (2008), equations 1 and 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.journeys import Floats, Ints

_ROWS_AT_ONCE = 16_384
_LEAF = -1
_SEVERAL = 3
"""Of fewer rows the mean number of cuts is counted, not approximated."""


@dataclass(frozen=True)
class Isolation:
    """Nodes of all trees, tree i from `roots[i]` on; a row goes left where its `feature` is at most `threshold`.

    `left` and `right` are places among all nodes, -1 in a leaf, where `depth` says how many cuts lead there, with
    those that the installs left in it would need. `usual_depth` is c of the formula.
    """

    roots: Ints
    left: Ints
    right: Ints
    feature: Ints
    threshold: Floats
    depth: Floats
    features: int
    usual_depth: float

    @classmethod
    def of(cls, forest: Any) -> "Isolation":
        """Take the trees of a fitted IsolationForest that sees all features in each tree."""
        trees = [each.tree_ for each in forest.estimators_]
        roots = np.concatenate(([0], np.cumsum([tree.node_count for tree in trees])))
        moved = [
            [np.where(side == _LEAF, _LEAF, side + root) for side in (tree.children_left, tree.children_right)]
            for tree, root in zip(trees, roots[:-1], strict=True)
        ]
        return cls(
            roots=roots[:-1].astype(np.int64),
            left=np.concatenate([left for left, _ in moved]).astype(np.int64),
            right=np.concatenate([right for _, right in moved]).astype(np.int64),
            feature=np.concatenate([tree.feature for tree in trees]).astype(np.int64),
            threshold=np.concatenate([tree.threshold for tree in trees]),
            depth=np.concatenate([_depths(tree) for tree in trees]),
            features=int(forest.n_features_in_),
            usual_depth=float(_path_length(np.array([forest.max_samples_]))[0]),
        )

    def scores(self, matrix: NDArray[np.float32]) -> Floats:
        """Say how soon rows [I, F] stand alone: [I], from 0 to 1."""
        made = np.empty(len(matrix))
        for first in range(0, len(matrix), _ROWS_AT_ONCE):
            part = matrix[first : first + _ROWS_AT_ONCE]
            total = sum((self.depth[self._leaves(part, root)] for root in self.roots), np.zeros(len(part)))
            made[first : first + len(part)] = 2.0 ** (-total / (len(self.roots) * self.usual_depth))
        return made

    def _leaves(self, matrix: NDArray[np.float32], root: int) -> Ints:
        """Follow one tree down: the leaf of each row."""
        at = np.full(len(matrix), root)
        inner = np.arange(len(matrix)) if self.left[root] != _LEAF else np.zeros(0, np.int64)
        while len(inner):
            here = at[inner]
            goes_left = matrix[inner, self.feature[here]] <= self.threshold[here]
            at[inner] = np.where(goes_left, self.left[here], self.right[here])
            inner = inner[self.left[at[inner]] != _LEAF]
        return at

    def state(self) -> dict[str, Any]:
        """Give the parts for an artifact."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Isolation":
        """Put the parts together again.

        Raises:
            ValueError: they are no trees.
        """
        made = cls(
            roots=np.array(state["roots"], np.int64),
            left=np.array(state["left"], np.int64),
            right=np.array(state["right"], np.int64),
            feature=np.array(state["feature"], np.int64),
            threshold=np.array(state["threshold"], np.float64),
            depth=np.array(state["depth"], np.float64),
            features=int(state["features"]),
            usual_depth=float(state["usual_depth"]),
        )
        nodes = len(made.left)
        inner = made.left != _LEAF
        children = np.stack([made.left[inner], made.right[inner]])
        sizes = {len(each) for each in (made.left, made.right, made.feature, made.threshold, made.depth)}
        if sizes != {nodes} or not len(made.roots) or ((made.roots < 0) | (made.roots >= nodes)).any():
            raise ValueError("trees of different lengths")
        # A child that comes after its parent: whoever follows them comes to an end.
        if ((children <= np.flatnonzero(inner)) | (children >= nodes)).any():
            raise ValueError("a tree with a branch that leads out of it")
        if ((made.feature[inner] < 0) | (made.feature[inner] >= made.features)).any() or made.usual_depth <= 0:
            raise ValueError("a tree that asks for a feature that there is not")
        return made


def _depths(tree: Any) -> Floats:
    """Say how many cuts lead to each node, with those that the rows in it would need."""
    cuts = np.zeros(tree.node_count)
    for node in range(tree.node_count):
        for child in (tree.children_left[node], tree.children_right[node]):
            if child != _LEAF:
                cuts[child] = cuts[node] + 1.0
    return cuts + _path_length(tree.n_node_samples)


def _path_length(rows: Ints) -> Floats:
    """Give the mean number of cuts that part one of n rows from the others: 2 H(n - 1) - 2 (n - 1) / n."""
    many = np.maximum(rows, _SEVERAL).astype(np.float64)
    harmonic = np.log(many - 1.0) + np.euler_gamma
    return np.select([rows >= _SEVERAL, rows > 1], [2.0 * harmonic - 2.0 * (many - 1.0) / many, 1.0])
