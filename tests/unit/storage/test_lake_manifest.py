"""The manifest of a tenant's lake: what counts, day by day, and what is only kept for those who read it still."""

from datetime import UTC, date, datetime, timedelta

from schemas.ids import TenantId
from storage.lake.manifest import Dataset, LakeFile, Manifest, ReplacedFile, first_manifest

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def lake_file(day: int, *, dataset: Dataset = Dataset.EVENTS, fingerprint: str = "a") -> LakeFile:
    return LakeFile(
        dataset=dataset,
        date=date(2026, 2, day),
        path=f"tenants/t123/{dataset}/date=2026-02-{day:02}/{fingerprint}.parquet",
        rows=1,
        size_bytes=1,
        sha256="0" * 64,
        fingerprint=fingerprint,
    )


def manifest_of(*files: LakeFile) -> Manifest:
    return first_manifest(TenantId("t123"), NOW, contributes=True).next(NOW, written=files)


def test_a_manifest_names_the_files_of_the_days_asked_for() -> None:
    """By day, both ends inclusive and open where there is none; those of the other dataset are apart."""
    manifest = manifest_of(*map(lake_file, (3, 1, 2)), lake_file(2, dataset=Dataset.ATTRIBUTIONS))
    one, two, three = (lake_file(day).path for day in (1, 2, 3))
    assert manifest.version == 1
    assert manifest.paths("events") == (one, two, three)
    assert manifest.paths(Dataset.EVENTS, date(2026, 2, 2), date(2026, 2, 2)) == (two,)
    assert manifest.paths("events", first_day=date(2026, 2, 2)) == (two, three)
    assert manifest.paths("events", last_day=date(2026, 2, 2)) == (one, two)
    assert manifest.paths("attributions") == (lake_file(2, dataset=Dataset.ATTRIBUTIONS).path,)


def test_a_day_written_anew_replaces_its_file_and_a_day_without_rows_goes() -> None:
    """Their earlier files count no more and are remembered with the time; the version is the next one."""
    manifest = manifest_of(lake_file(1), lake_file(2), lake_file(3))
    changed = manifest.next(LATER, written=[lake_file(2, fingerprint="b")], gone=[(Dataset.EVENTS, date(2026, 2, 3))])
    assert changed.files == (lake_file(1), lake_file(2, fingerprint="b"))
    assert changed.replaced == tuple(ReplacedFile(path=lake_file(day).path, replaced_at=LATER) for day in (2, 3))
    assert (changed.version, changed.written_at) == (2, LATER)
    assert changed.without_replaced([lake_file(2).path], LATER).replaced == changed.replaced[1:]


def test_a_manifest_is_read_as_it_was_written() -> None:
    """JSON and back gives the same."""
    manifest = manifest_of(lake_file(1)).next(LATER, written=[lake_file(1, fingerprint="b")])
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
