"""What may stand in a query string."""

import pytest
from pydantic import TypeAdapter, ValidationError

from serve_apps.parameters import Moment, Word


@pytest.mark.parametrize(
    ("sent", "year"),
    [
        ("2026-01-31T12:00:00+02:00", 2026),
        ("0001-01-01T00:00:00+14:00", 1970),
        ("9999-12-31T23:59:59-14:00", 2299),
    ],
)
def test_times_stay_within_reach(sent: str, year: int) -> None:
    """A time that no event can have becomes one that databases can compare."""
    assert TypeAdapter(Moment).validate_python(sent).year == year


@pytest.mark.parametrize("sent", ["0.5", "1700000000", "2026-01-31", "2026-01-31T12:00:00", "now"])
def test_refuses_what_is_no_time(sent: str) -> None:
    """Refused: numbers, dates, and times without an offset."""
    with pytest.raises(ValidationError):
        TypeAdapter(Moment).validate_python(sent)


def test_refuses_texts_that_postgres_does_not_take() -> None:
    """Refused: a NUL, and more than 1,024 characters."""
    assert TypeAdapter(Word).validate_python("a\nb") == "a\nb"
    for wrong in ("a\0b", "x" * 1_025):
        with pytest.raises(ValidationError):
            TypeAdapter(Word).validate_python(wrong)
