"""The journal on disk: nothing that was appended is lost, whoever dies."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.journal import Journal, JournalFullError, read_segment

RECORDS = st.lists(st.binary(min_size=1, max_size=50).filter(lambda record: b"\n" not in record), max_size=20)


def journal(folder: Path, bytes_max: int = 1_000_000, segment_bytes_max: int = 100_000) -> Journal:
    return Journal(folder, bytes_max=bytes_max, segment_bytes_max=segment_bytes_max)


def left_in(journal: Journal) -> list[bytes]:
    journal.seal()
    return [record for file in journal.sealed() for record in read_segment(file).records]


@given(groups=st.lists(RECORDS, max_size=8), segment_bytes_max=st.integers(1, 500))
def test_gives_back_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, groups: list[list[bytes]], segment_bytes_max: int
) -> None:
    """Every record once and in order, over however many files."""
    own = journal(tmp_path_factory.mktemp("journal"), segment_bytes_max=segment_bytes_max)
    for group in groups:
        own.append(group)
    assert left_in(own) == [record for group in groups for record in group]


def test_an_open_file_is_not_handed_out(tmp_path: Path) -> None:
    """Only sealed files are listed; a discarded one is gone, and its room is free again."""
    own = journal(tmp_path, bytes_max=60)
    own.append([b"first" * 4])
    assert own.sealed() == []
    own.seal()
    (file,) = own.sealed()
    with pytest.raises(JournalFullError):
        own.append([b"second" * 4])
    own.discard(file)
    own.append([b"second" * 4])
    assert left_in(own) == [b"second" * 4]


def test_keeps_what_was_not_taken(tmp_path: Path) -> None:
    """A part of a file stays, also when the journal is full."""
    own = journal(tmp_path, bytes_max=60)
    own.append([b"a", b"b", b"c"])
    own.seal()
    own.keep(own.sealed()[0], [b"b"])
    assert left_in(own) == [b"b"]


def test_adopts_the_dead_alone(tmp_path: Path) -> None:
    """The files of an owner that ended change hands; those of one that lives do not, nor twice."""
    dead, alive, heir = (journal(tmp_path) for _ in range(3))
    dead.append([b"left behind"])
    alive.append([b"in use"])
    heir.append([b"own"])
    dead.close()
    assert heir.adopt() == 1
    assert heir.adopt() == 0
    assert sorted(left_in(heir)) == [b"left behind", b"own"]
    alive.append([b"still in use"])
    assert left_in(alive) == [b"in use", b"still in use"]
    assert len(list(tmp_path.glob("*.alive"))) == 2


@pytest.mark.parametrize("torn", [b"0123", b"0123456789abcdef no such record\n", b"\0" * 40])
def test_torn_lines_cost_only_themselves(tmp_path: Path, torn: bytes) -> None:
    """A line that a power cut broke off is counted and left out; the whole ones are there."""
    own = journal(tmp_path)
    own.append([b"whole"])
    own.seal()
    (file,) = own.sealed()
    with file.open("ab") as broken:
        broken.write(torn)
    segment = read_segment(file)
    assert (segment.records, segment.torn) == ([b"whole"], 1)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    """Addresses and user agents are no one else's business."""
    own = journal(tmp_path / "new")
    own.append([b"private"])
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "new").rglob("*"))
