"""Cursors of keyset paging."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.problems import CursorInvalid
from serve_apps.cursors import read_cursor, write_cursor


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
