"""Multi-touch models: values worked out by hand or by enumeration, and what must hold for any journeys."""

import itertools
import os
from dataclasses import replace
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.journeys import Journeys, journeys_of_paths
from attribution.markov import markov_chain
from attribution.membership import membership
from attribution.model_spec import OF_JOURNEYS, Model, ModelSpec
from attribution.models import credit, credit_all
from attribution.shapley import ordered_tally, rate_game
from local.demo_paths import read_paths

FILE = Path(os.environ.get("UNMOGROW_PATHS_FILE", Path(__file__).parents[4] / "shared" / "data" / "paths.csv"))
NO_INTERVALS = 0

# Published example data; its reference values were worked out by other packages and by hand.
REFERENCE = {
    "alpha": (6308, 8447, 7574.718594, 7444.823759, 5344.947682, 7627.944048),
    "beta": (2831, 989, 2083.500145, 1969.766179, 2527.352167, 1982.739286),
    "delta": (1, 5, 1.725000, 2.586667, 4.613618, 2.292857),
    "epsilon": (99, 531, 272.170438, 301.050233, 599.570650, 374.677381),
    "eta": (3164, 4167, 3539.951157, 3618.796149, 3340.847402, 3613.655952),
    "gamma": (165, 92, 121.041639, 125.240911, 171.145443, 138.185714),
    "iota": (4606, 3355, 3857.096221, 3944.948166, 3884.614702, 3505.044048),
    "kappa": (74, 230, 137.964078, 147.459557, 274.363256, 159.057143),
    "lambda": (902, 1207, 1035.257572, 1046.903901, 1282.847223, 987.782143),
    "mi": (2, 2, 2.222222, 2.057143, 1.722425, 2.666667),
    "theta": (1606, 653, 1022.801394, 1092.744472, 1971.912880, 1190.963095),
    "zeta": (27, 107, 136.551540, 88.622864, 381.062553, 199.991667),
}
MODELS = (Model.FIRST, Model.LAST, Model.LINEAR, Model.POSITION, Model.MARKOV, Model.SHAPLEY)

Paths = list[tuple[list[str], float, float]]

paths_of_channels = st.lists(
    st.tuples(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6), st.integers(0, 5), st.integers(0, 5)),
    min_size=1,
    max_size=12,
)


def journeys_of(paths: Paths) -> Journeys:
    channels, conversions, nulls = zip(*paths, strict=True)
    return journeys_of_paths(channels, conversions, nulls, conversions)


def credits_of(journeys: Journeys, spec: ModelSpec) -> dict[str, float]:
    return {each.channel: each.credit for each in credit(journeys, spec).credits}


def spec_of(model: Model, **parameters: float) -> ModelSpec:
    return ModelSpec(model, replicates=NO_INTERVALS, **parameters)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def published() -> Journeys:
    if not FILE.exists():
        pytest.skip(f"there is no {FILE.name}; set UNMOGROW_PATHS_FILE to it")
    paths = read_paths(FILE).paths
    return journeys_of_paths(
        [path.steps for path in paths],
        [path.conversions for path in paths],
        [path.nulls for path in paths],
        [float(path.value or 0) for path in paths],
    )


@pytest.mark.parametrize("place", range(len(MODELS)), ids=[model.value for model in MODELS])
def test_published_values(published: Journeys, place: int) -> None:
    """Credits over 10,000 published paths equal the reference values."""
    expected = {channel: values[place] for channel, values in REFERENCE.items()}
    assert credits_of(published, spec_of(MODELS[place])) == pytest.approx(expected, abs=1e-6)


def test_published_removal_effects(published: Journeys) -> None:
    """The chain converts at the empirical rate, and loses more than half of it without alpha."""
    removal = markov_chain(published, 1).removal_effects(published.conversions, published.nulls)
    assert removal.probability == pytest.approx(0.223845136, abs=1e-9)
    assert removal.effects[published.code_of("alpha")] == pytest.approx(0.558399490, abs=1e-9)
    by_value = credit(published, spec_of(Model.MARKOV), by_value=True)
    assert sum(each.credit for each in by_value.credits) == pytest.approx(74_802.971587)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_published_orders_add_up(published: Journeys, order: int) -> None:
    """Every order shares out all conversions, and takes no effect for more than all or less than nothing."""
    result = credit(published, spec_of(Model.MARKOV, markov_order=order))
    assert sum(each.credit for each in result.credits) == pytest.approx(19_785)
    assert all(each.effect is not None and 0 <= each.effect <= 1 for each in result.credits)


def test_published_order_beyond_one_matrix(published: Journeys) -> None:
    """An effect of order 3, whose states are too many for one dense inverse, equals that of the chain solved anew."""
    chain = markov_chain(published, 3)
    removal = chain.removal_effects(published.conversions, published.nulls)
    paths = [
        ([published.channels[code] for code in codes], won, lost)
        for codes, won, lost in zip(
            np.split(published.touches, published.starts[1:-1]), published.conversions, published.nulls, strict=True
        )
    ]
    whole, without = conversion_rate(paths, 3, None), conversion_rate(paths, 3, "alpha")
    assert removal.probability == pytest.approx(whole)
    assert removal.effects[published.code_of("alpha")] == pytest.approx(1 - without / whole)


def test_tiny_chain() -> None:
    """Worked out by hand: removal effects 0.5, 1, 1 and credits 0.2, 0.4, 0.4."""
    journeys = journeys_of([(["C1", "C2", "C3"], 1, 0), (["C1"], 0, 1), (["C2", "C3"], 0, 1)])
    removal = markov_chain(journeys, 1).removal_effects(journeys.conversions, journeys.nulls)
    assert removal.effects.tolist() == pytest.approx([0.5, 1, 1])
    assert removal.credits(1).tolist() == pytest.approx([0.2, 0.4, 0.4])
    assert removal.probability == pytest.approx(1 / 3)


@given(paths_of_channels, st.sampled_from([1, 2, 3]), st.sampled_from([(0, 0), (0, 2_000), (64, 0)]))
def test_removal_is_removal(paths: Paths, order: int, limits: tuple[int, int]) -> None:
    """The effect is what the fundamental matrix of a chain says whose states with the channel lead to (null).

    However it is computed: by sparse systems, step by step, or by one dense inverse.
    """
    journeys = journeys_of(paths)
    with pytest.MonkeyPatch.context() as patched:
        for name, limit in zip(("_DENSE_STATES_MAX", "_STEPS_MAX"), limits, strict=True):
            patched.setattr(f"attribution.markov.{name}", limit)
        removal = markov_chain(journeys, order).removal_effects(journeys.conversions, journeys.nulls)
    for code, channel in enumerate(journeys.channels):
        whole, without = conversion_rate(paths, order, None), conversion_rate(paths, order, channel)
        expected = 1 - without / whole if whole else 0.0
        assert removal.effects[code] == pytest.approx(expected, abs=1e-9)


def conversion_rate(paths: Paths, order: int, removed: str | None) -> float:
    """Solve the chain anew, from dictionaries and one dense system."""
    moves: dict[tuple[str, ...], dict[tuple[str, ...] | str, float]] = {}
    for channels, conversions, nulls in paths:
        states = [()] + [tuple(channels[max(0, end - order) : end]) for end in range(1, len(channels) + 1)]
        for before, after in itertools.pairwise(states):
            moves.setdefault(before, {}).setdefault(after, 0.0)
            moves[before][after] += conversions + nulls
        for end, count in (("conversion", conversions), ("null", nulls)):
            moves.setdefault(states[-1], {}).setdefault(end, 0.0)
            moves[states[-1]][end] += count
    kept = [state for state in moves if removed not in state]
    matrix, gains = np.eye(len(kept)), np.zeros(len(kept))
    for row, state in enumerate(kept):
        total = sum(moves[state].values()) or 1.0
        gains[row] = moves[state].get("conversion", 0.0) / total
        for column, other in enumerate(kept):
            matrix[row, column] -= moves[state].get(other, 0.0) / total
    return float(np.linalg.solve(matrix, gains)[kept.index(())])


@given(paths_of_channels, st.sampled_from(OF_JOURNEYS))
def test_conversions_are_shared_out(paths: Paths, model: Model) -> None:
    """No model makes conversions or loses any; the rate game may find that no channel brought them."""
    journeys = journeys_of(paths)
    shared = credits_of(journeys, spec_of(model))
    assert min(shared.values()) >= 0
    if model is not Model.SHAPLEY_RATE:
        assert sum(shared.values()) == pytest.approx(journeys.conversions.sum())


@given(paths_of_channels)
def test_shapley_is_the_average_gain(paths: Paths) -> None:
    """The closed forms equal the mean of what a channel adds over every order of joining."""
    journeys = journeys_of(paths)

    def within(coalition: frozenset[str]) -> float:
        return sum(conversions for channels, conversions, _ in paths if set(channels) <= coalition)

    def rate(coalition: frozenset[str]) -> float:
        same = [(won, won + lost) for channels, won, lost in paths if set(channels) == coalition]
        return sum(won for won, _ in same) / (sum(all_ for _, all_ in same) or 1)

    simplified = credits_of(journeys, spec_of(Model.SHAPLEY))
    rates = rates_of(journeys)
    for code, channel in enumerate(journeys.channels):
        assert simplified[channel] == pytest.approx(enumerated(journeys.channels, channel, within))
        assert rates[code] == pytest.approx(enumerated(journeys.channels, channel, rate))
    ranked = ordered_tally(membership(journeys), len(journeys.channels)).of(journeys.conversions)
    ranked = ranked.reshape(len(journeys.channels), -1)
    assert ranked.sum(axis=1) == pytest.approx([simplified[channel] for channel in journeys.channels])


def rates_of(journeys: Journeys) -> list[float]:
    game = rate_game(membership(journeys), len(journeys.channels))
    seen = journeys.conversions + journeys.nulls
    return list(game.values(game.tally.of(journeys.conversions), game.tally.of(seen)))


def enumerated(channels: tuple[str, ...], channel: str, worth: object) -> float:
    """Average over all orders of joining."""
    gains = 0.0
    for order in itertools.permutations(channels):
        before = frozenset(order[: order.index(channel)])
        gains += worth(before | {channel}) - worth(before)  # type: ignore[operator]
    return gains / factorial(len(channels))


def test_ordered_tells_places_apart() -> None:
    """`a` earns half of what it shares as the first of two, and all of its own as the only one."""
    journeys = journeys_of([(["a", "b", "a"], 2, 0), (["b", "a"], 4, 0), (["a", "a"], 1, 0)])
    ranked = {each.channel: each.by_rank for each in credit(journeys, spec_of(Model.SHAPLEY_ORDERED)).credits}
    assert ranked == {"a": (2.0, 2.0), "b": (2.0, 1.0)}


@pytest.mark.parametrize("channels", [25, 70])
def test_rate_game_of_many_channels(channels: int) -> None:
    """The rate game is exact past any number of channels whose sets could be listed, or fit into a machine's word."""
    paths: Paths = [([f"c{number:02}"], number, channels - number) for number in range(channels)]
    rates = np.arange(channels) / channels
    # A channel adds its rate where it joins first, and ends that of the first where it joins second.
    exact = rates / channels - (rates.sum() - rates) / (channels * (channels - 1))
    assert rates_of(journeys_of(paths)) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("model", "parameters", "expected"),
    [
        (Model.FIRST, {}, [1, 0, 0, 0]),
        (Model.LAST, {}, [0, 0, 0, 1]),
        (Model.LAST_NON_DIRECT, {"direct_channel": "d"}, [0, 0, 1, 0]),
        (Model.LINEAR, {}, [0.25] * 4),
        (Model.TIME_DECAY, {"half_life_days": 1.0}, [1 / 15, 2 / 15, 4 / 15, 8 / 15]),
        (Model.POSITION, {}, [0.4, 0.1, 0.1, 0.4]),
        (Model.CUSTOM, {"custom_weights": (0.5, 0.3, 0.2)}, [0.5, 0.15, 0.15, 0.2]),
    ],
)
def test_rules(model: Model, parameters: dict[str, object], expected: list[float]) -> None:
    """The usual rules on one journey of four touches, a day apart."""
    spec = ModelSpec(model, replicates=NO_INTERVALS, **parameters)  # type: ignore[arg-type]
    shared = credits_of(journeys_of([(list("abcd"), 1, 0)]), spec)
    assert [shared[channel] for channel in "abcd"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("lead", "expected"),
    [(-1, [0.4, 0.1, 0.1, 0.4]), (1, [0.3, 0.3, 0.1, 0.3]), (0, [0.6, 0.05, 0.05, 0.3]), (3, [0.3, 0.05, 0.05, 0.6])],
)
def test_w_shaped(lead: int, expected: list[float]) -> None:
    """0.3 to first, lead and last, 0.1 to the others; by position where no touch made a lead."""
    journeys = journeys_of([(list("abcd"), 1, 0)])
    led = replace(journeys, leads=np.array([lead]))
    shared = credits_of(led, spec_of(Model.W_SHAPED))
    assert [shared[channel] for channel in "abcd"] == pytest.approx(expected)


@pytest.mark.parametrize("model", [Model.POSITION, Model.W_SHAPED])
@pytest.mark.parametrize(("path", "expected"), [("a", {"a": 1.0}), ("ab", {"a": 0.5, "b": 0.5})])
def test_short_journeys(model: Model, path: str, expected: dict[str, float]) -> None:
    """All to a lone touch, half and half to two."""
    assert credits_of(journeys_of([(list(path), 1, 0)]), spec_of(model)) == pytest.approx(expected)


def test_old_journeys_keep_their_weights() -> None:
    """Time decay shares a conversion out whose touches are years old, as among young ones."""
    journeys = journeys_of([(list("ab"), 1, 0)])
    old = replace(journeys, ages=journeys.ages + 36_500)
    spec = spec_of(Model.TIME_DECAY, half_life_days=1.0)
    assert credits_of(old, spec) == pytest.approx(credits_of(journeys, spec))


def test_intervals() -> None:
    """Wide where few converted, the same for the same seed, and twins are called a tie."""
    journeys = journeys_of([(["big"], 1_000, 0), (["a"], 10, 0), (["b"], 11, 0)])
    spec = ModelSpec(Model.SHAPLEY, seed=7)
    result = credit(journeys, spec)
    assert result == credit(journeys, spec)
    big, _, small = result.credits
    assert (big.channel, big.ties, small.ties) == ("big", (), ("b",))
    assert big.low is not None
    assert big.high is not None
    # 1.96 standard deviations of Poisson(1000), by 200 replicates.
    assert (1_000 - big.low, big.high - 1_000) == pytest.approx((62, 62), abs=20)


@pytest.mark.parametrize(
    "wrong",
    [
        {"markov_order": 0},
        {"markov_order": 5},
        {"half_life_days": 0.0},
        {"replicates": -1},
        {"confidence": 1.0},
        {"custom_weights": (0, 0, 0)},
        {"custom_weights": (1, -1, 1)},
    ],
)
def test_parameters_out_of_range(wrong: dict[str, object]) -> None:
    """A parameter that makes no sense is refused."""
    spec = ModelSpec(**{"model": Model.MARKOV} | wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must"):
        credit(journeys_of([(["a"], 1, 1)]), spec)


def test_too_many_states() -> None:
    """A chain whose states are more than can be solved is refused, and says so."""
    paths = journeys_of([([f"c{number}" for number in range(first, first + 2)], 1, 0) for first in range(30_000)])
    assert len(markov_chain(paths, 1).members) == 30_001
    with pytest.raises(ValueError, match="states"):
        markov_chain(paths, 2)


def test_nothing_converted() -> None:
    """Without conversions every credit is 0."""
    journeys = journeys_of([(["a", "b"], 0, 3)])
    for model in Model:
        assert set(credits_of(journeys, spec_of(model)).values()) == {0.0}


def test_no_journeys() -> None:
    """Without journeys nobody gets credit, by any model, nor is an interval drawn."""
    for model in Model:
        assert credit(journeys_of_paths([], [], [], []), ModelSpec(model)).credits == ()


def unfolded(paths: Paths) -> Paths:
    """Every person for themselves."""
    return [
        (channels, float(is_won), float(not is_won))
        for channels, conversions, nulls in paths
        for is_won, count in ((True, conversions), (False, nulls))
        for _ in range(int(count))
    ]


@given(paths_of_channels, st.sampled_from(OF_JOURNEYS))
def test_folding_changes_nothing(paths: Paths, model: Model) -> None:
    """A path that n people went counts as n journeys of one person each."""
    if not any(won + lost for _, won, lost in paths):
        return
    folded, single = (credits_of(journeys_of(each), spec_of(model)) for each in (paths, unfolded(paths)))
    assert {channel: given for channel, given in folded.items() if channel in single} == pytest.approx(single)
    assert all(folded[channel] == 0 for channel in folded.keys() - single.keys())


def test_folding_keeps_intervals() -> None:
    """The bootstrap over folded paths spreads as far as the one over single people: the draws are Poisson in both."""
    paths: Paths = [(["a", "b"], 300, 500), (["b"], 200, 900), (["a"], 100, 100)]
    for model in (Model.MARKOV, Model.LINEAR, Model.SHAPLEY_RATE):
        spec = ModelSpec(model, replicates=1_000)
        folded, single = (credit(journeys_of(each), spec).credits for each in (paths, unfolded(paths)))
        for one, other in zip(folded, single, strict=True):
            assert one.low is not None
            assert one.high is not None
            assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=0.05)


def test_models_share_their_draws() -> None:
    """A model's interval is the same beside others and alone, and by blocks of replicates of whatever size."""
    journeys = journeys_of([(["a", "b"], 30, 50), (["b"], 20, 90), (["a"], 10, 10)])
    specs = [ModelSpec(model, seed=3) for model in Model]
    assert credit_all(journeys, specs) == [credit(journeys, spec) for spec in specs]


def test_learned_credits_are_added_up() -> None:
    """A journey's touches give their channels what they earned; one without credits counts for nothing."""
    journeys = journeys_of([(["a", "b"], 1, 0), (["b", "a"], 1, 0), (["b"], 1, 0)])
    credited = replace(journeys, touch_credits=np.array([0.25, 0.75, 0.5, 0.5, 0.0]))
    assert credits_of(credited, spec_of(Model.DATA_DRIVEN)) == {"a": 0.75, "b": 1.25}
    result = credit(credited, ModelSpec(Model.DATA_DRIVEN, replicates=500))
    assert all(each.low is not None and each.low < each.credit < (each.high or 0) for each in result.credits)
