"""Differences between models, in words."""

from attribution.comparison import differences
from attribution.journeys import journeys_of_paths
from attribution.model_spec import Model, ModelSpec
from attribution.models import credit_all


def said(paths: list[list[str]], *models: Model) -> list[str]:
    journeys = journeys_of_paths(paths, [1] * len(paths), [0] * len(paths), [0] * len(paths))
    return differences(credit_all(journeys, [ModelSpec(model, replicates=0) for model in models]))


def test_openers_and_closers() -> None:
    """The channel most apart comes first, with its two extremes and the role that they show."""
    first, second = said([["tv", "search"]] * 3 + [["search"]], Model.FIRST, Model.LAST)
    assert first.startswith("search: from 25.0% (first) to 100.0% (last), 75.0 points apart; it ends more journeys")
    assert second.startswith("tv: from 0.0% (last) to 75.0% (first), 75.0 points apart; it begins more journeys")


def test_agreement() -> None:
    """One model differs from none; models that agree are said to."""
    assert said([["tv"]], Model.FIRST) == []
    assert said([["tv"]], Model.FIRST, Model.LAST) == [
        "No two models differ by more than 2 points of share on any channel."
    ]
