"""The copy of the directory on disk."""

from pathlib import Path

from schemas.ids import TenantId
from storage.directory_copy import DirectoryCopy
from storage.postgres.directory import (
    AppLinksRecord,
    DirectoryRows,
    EventSchemaRecord,
    KeyRecord,
    LinkRecord,
    SigningKeyRecord,
    TenantRecord,
)

ROWS = DirectoryRows(
    7,
    (TenantRecord(TenantId("t123"), "client123.localhost", "Demo", "active"),),
    (KeyRecord(bytes(range(32)), None, "platform", frozenset({"ingest"})),),
    (SigningKeyRecord("kid", TenantId("t123"), bytes(range(200, 256)), "{}"),),
    (LinkRecord(TenantId("t123"), "spring", '{"media_source":"é"}'),),
    (AppLinksRecord(TenantId("t123"), "{}"),),
    (EventSchemaRecord(TenantId("t123"), "level_up", 3, "flag", "{}"),),
)


def test_reads_what_it_wrote(tmp_path: Path) -> None:
    """Every row comes back, bytes included, from a file that its owner alone can read."""
    copy = DirectoryCopy(tmp_path / "journal" / "directory")
    copy.save(ROWS)
    copy.save(ROWS)
    assert copy.load() == ROWS
    (file,) = (tmp_path / "journal").iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_without_a_copy(tmp_path: Path) -> None:
    """None, and no error, for a missing file, for one that is something else, and for a folder that cannot be."""
    assert DirectoryCopy(tmp_path / "none").load() is None
    (tmp_path / "odd").write_text('{"version": "x"}')
    assert DirectoryCopy(tmp_path / "odd").load() is None
    DirectoryCopy(tmp_path / "odd" / "directory").save(ROWS)
