"""Cursors of keyset paging."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.problems import CursorInvalid
from serve_apps.cursors import read_cursor, read_moment, read_stored_moment, write_cursor


@given(st.text(max_size=40), st.text(max_size=100))
def test_reads_what_it_wrote(time: str, identity: str) -> None:
    """A position survives the way to the client and back."""
    assert read_cursor(write_cursor(time, identity)) == (time, identity)


@given(st.text(max_size=60))
def test_refuses_the_rest(text: str) -> None:
    """Whatever a client makes up is a position or CursorInvalid, never another error."""
    try:
        position = read_cursor(text)
    except CursorInvalid:
        return
    assert all(isinstance(part, str) for part in position)


@pytest.mark.parametrize("text", ["WzEsMl0", "W10", "!", "WyJhIl0", "x" * 2000])
def test_refuses_other_documents(text: str) -> None:
    """CursorInvalid for JSON of another shape, for no JSON, and for too much of it."""
    with pytest.raises(CursorInvalid):
        read_cursor(text)


@pytest.mark.parametrize(
    "time", ["", "yesterday", "2026-01-31 12:00:00", "2026-01-31T12:00:00.000Z", "2026-01-31 12:00:00.0'"]
)
def test_refuses_times_that_the_store_does_not_write(time: str) -> None:
    """CursorInvalid for a time in another form than that of the rows."""
    assert read_stored_moment(write_cursor("2026-01-31 12:00:00.000", "e")) == ("2026-01-31 12:00:00.000", "e")
    with pytest.raises(CursorInvalid):
        read_stored_moment(write_cursor(time, "e"))


@pytest.mark.parametrize("time", ["2026-01-31T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00", "x"])
def test_refuses_times_that_cannot_be_compared(time: str) -> None:
    """CursorInvalid for a time without an offset, or one that is beyond the calendar in UTC."""
    with pytest.raises(CursorInvalid):
        read_moment(write_cursor(time, "e"))
