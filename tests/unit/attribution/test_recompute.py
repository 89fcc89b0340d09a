"""What another policy would move, and what counts as the same answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from attribution.recompute import Compared, compare
from attribution.revisions import changes
from schemas.recomputes import RecomputeProgress

AT = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
SOURCES = st.sampled_from(["organic", "mail", "ads"])


def result(source: str, **fields: Any) -> dict[str, Any]:
    return {"media_source": source, "is_organic": source == "organic", "contributors": [], **fields}


def test_the_same_answer_in_other_words_is_no_change() -> None:
    """Other candidates, policy and model versions change nothing; an assist does."""
    before = result("mail", candidates=["7-day"], policy_version=1, model_version="rules-1")
    assert changes(before, result("mail", candidates=[], policy_version=2, model_version="rules-2")) == []
    assert changes(before, result("mail", contributors=["t"])) == [("contributors", [], ["t"])]


def test_a_field_that_one_of_them_lacks_is_a_change() -> None:
    """Named with null on the other side."""
    assert changes(result("mail"), result("mail", fraud="valid")) == [("fraud", None, "valid")]
    assert changes(result("mail", fraud="valid"), result("mail")) == [("fraud", "valid", None)]


def test_counts_before_and_after() -> None:
    """A moved conversion counts for one source before and another after; one that failed stays where it is."""
    portion = [
        Compared("c1", AT, result("mail"), result("organic")),
        Compared("c2", AT, result("mail"), result("mail")),
        Compared("c3", AT + timedelta(seconds=1), result("ads"), None),
    ]
    progress, moves = compare(RecomputeProgress(), portion)
    assert progress.sources == {"mail": (2, 1), "organic": (0, 1), "ads": (1, 1)}
    assert (progress.done, progress.moved, progress.failed) == (3, 1, 1)
    assert progress.at == (AT + timedelta(seconds=1), "c3")
    assert [(move.conversion_id, move.changes["media_source"]) for move in moves] == [("c1", ("mail", "organic"))]
    assert compare(progress, []) == (progress, [])


@given(st.lists(st.tuples(SOURCES, SOURCES)), st.integers(0, 20))
def test_portions_add_up(pairs: list[tuple[str, str]], cut: int) -> None:
    """Two portions come to what one of all comes to; as many conversions after as before."""
    portion = [Compared(f"c{place}", AT, result(before), result(after)) for place, (before, after) in enumerate(pairs)]
    whole, moves = compare(RecomputeProgress(), portion)
    first, first_moves = compare(RecomputeProgress(), portion[:cut])
    both, second_moves = compare(first, portion[cut:])
    assert (both, first_moves + second_moves) == (whole, moves)
    assert sum(before for before, _ in whole.sources.values()) == len(pairs)
    assert sum(after for _, after in whole.sources.values()) == len(pairs)
    assert whole.moved == sum(before != after for before, after in pairs)
