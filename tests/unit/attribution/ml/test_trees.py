"""Trees as plain arrays: they answer as scikit-learn's estimators do, and broken ones are refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest

from attribution.ml.boosted import Boosted
from attribution.ml.isolation import Isolation

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(600, 4)).astype(np.float32)
ROWS[RANDOM.random(ROWS.shape) < 0.1] = np.nan
WHOLE = np.nan_to_num(ROWS)
OUTCOME = RANDOM.random(600) < 1 / (1 + np.exp(-2 * WHOLE[:, 0]))


@pytest.fixture(scope="module")
def boosted() -> Boosted:
    return Boosted.of(HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(ROWS, OUTCOME))


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    return Isolation.of(IsolationForest(n_estimators=20, max_samples=128, random_state=0).fit(WHOLE))


def test_boosted_trees_answer_as_their_estimator() -> None:
    """The same numbers to the last bit, also for rows with nothing known; of several the mean."""
    first = HistGradientBoostingClassifier(max_iter=7, random_state=0).fit(ROWS, OUTCOME)
    second = HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=4, random_state=1).fit(ROWS, OUTCOME)
    assert Boosted.of(first).raw(ROWS, threads=1).tobytes() == first.decision_function(ROWS).tobytes()
    mean = (first.decision_function(ROWS) + second.decision_function(ROWS)) / 2
    assert Boosted.of(first, second).raw(ROWS, threads=1) == pytest.approx(mean)
    amounts = HistGradientBoostingRegressor(loss="gamma", max_iter=4).fit(ROWS, OUTCOME + 1.0)
    assert np.exp(Boosted.of(amounts).raw(ROWS, threads=1)) == pytest.approx(amounts.predict(ROWS))


def test_an_isolation_forest_answers_as_its_estimator() -> None:
    """The scores of scikit-learn, with their sign turned."""
    forest = IsolationForest(n_estimators=20, max_samples=128, random_state=0).fit(WHOLE)
    assert Isolation.of(forest).scores(WHOLE) == pytest.approx(-forest.score_samples(WHOLE), abs=1e-12)


def inner(nodes: np.ndarray) -> int:
    return int(np.flatnonzero(nodes["is_leaf"] == 0)[0])


def loop(state: dict[str, Any]) -> None:
    state["nodes"]["left"][inner(state["nodes"])] = 0


def leave(state: dict[str, Any]) -> None:
    state["nodes"]["right"][inner(state["nodes"])] = 10_000


def other_feature(state: dict[str, Any]) -> None:
    state["nodes"]["feature_idx"][inner(state["nodes"])] = 4


def other_starts(state: dict[str, Any]) -> None:
    state["starts"][-1] += 1


def other_type(state: dict[str, Any]) -> None:
    state["nodes"] = np.zeros(3)


@pytest.mark.parametrize("break_it", [loop, leave, other_feature, other_starts, other_type])
def test_broken_boosted_trees_are_refused(boosted: Boosted, break_it: Callable[[dict[str, Any]], None]) -> None:
    """ValueError for a branch that leads back or out, a feature or a tree that there is not, and other nodes."""
    state = {name: np.copy(part) if isinstance(part, np.ndarray) else part for name, part in boosted.state().items()}
    assert Boosted.from_state(state).raw(ROWS, 1).tobytes() == boosted.raw(ROWS, 1).tobytes()
    break_it(state)
    with pytest.raises(ValueError, match="tree"):
        Boosted.from_state(state)


@pytest.mark.parametrize(("name", "value"), [("left", 0), ("right", 10**6), ("feature", 4), ("roots", -1)])
def test_broken_isolation_trees_are_refused(isolation: Isolation, name: str, value: int) -> None:
    """ValueError for a branch that leads back or out, a root or a feature that there is not."""
    state = {key: np.copy(part) if isinstance(part, np.ndarray) else part for key, part in isolation.state().items()}
    assert Isolation.from_state(state).scores(WHOLE).tobytes() == isolation.scores(WHOLE).tobytes()
    state[name][0] = value
    with pytest.raises(ValueError, match="tree"):
        Isolation.from_state(state)
