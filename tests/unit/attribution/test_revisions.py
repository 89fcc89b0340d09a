"""When two results say the same."""

from typing import Any

from attribution.revisions import changes

BEFORE: dict[str, Any] = {
    "media_source": "mail",
    "credits": {"last_touch": {"mail": 1.0}, "data_driven": {"mail": 0.25, "tv": 0.75}},
    "model_version": "rules-2+one",
    "touch_credits": {"m": 0.25, "t": 0.75},
}


def test_another_model_with_other_credits_is_another_answer() -> None:
    """The credits differ, and nothing else is named."""
    shares = {"last_touch": {"mail": 1.0}, "data_driven": {"mail": 0.5, "tv": 0.5}}
    after = BEFORE | {"credits": shares, "model_version": "rules-2+two", "touch_credits": {"m": 0.5, "t": 0.5}}
    assert [change.field for change in changes(BEFORE, after)] == ["credits"]


def test_a_model_that_was_away_changes_nothing() -> None:
    """Credits that are missing because the model was late are no new answer; that it had none is one."""
    without = BEFORE | {"credits": {"last_touch": {"mail": 1.0}}, "touch_credits": None}
    assert changes(BEFORE, without | {"model_fallback": "late"}) == []
    assert [change.field for change in changes(BEFORE, without)] == ["credits"]
