"""A bound on how long a case may take."""

import time

import pytest

from actors.case_limit import CaseHungError, CaseLimit

NAMES: dict[str, int] = {}


def _forever() -> None:
    while True:
        time.sleep(0.001)


def test_what_hangs_is_ended_and_the_next_is_decided() -> None:
    """`CaseHungError` with a reason after a tenth of a second, twice; what ends in time gives its answer."""
    limit = CaseLimit(0.1)
    for _ in range(2):
        with pytest.raises(CaseHungError, match="did not end in time"):
            limit.run(_forever)
        assert limit.run(lambda: 42) == 42


def test_many_quick_cases_are_not_interrupted() -> None:
    """None of those of half a second in all, each far below the limit of a tenth, however often it looks."""
    limit, ends_at = CaseLimit(0.1), time.monotonic() + 0.5
    while time.monotonic() < ends_at:
        assert limit.run(lambda: 42) == 42


def test_what_failed_has_its_own_error() -> None:
    """`KeyError`, as it was raised."""
    with pytest.raises(KeyError):
        CaseLimit(1.0).run(lambda: NAMES["missing"])
