"""The lake itself, in a folder and in S3: manifests that replace one another, whole files, models by checksum."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.ids import TenantId
from storage.lake.artifacts import ArtifactCorruptError, Artifacts
from storage.lake.lake import Lake, LakeAddressError
from storage.lake.manifest import first_manifest

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class TestLake:
    """What a folder and S3 do alike."""

    def test_a_manifest_replaces_the_one_before(self, lake_url: str) -> None:
        """None, then each as it was written; a tenant with files but no manifest is not listed."""
        lake, tenant_id = Lake.open(lake_url), TenantId("t1")
        lake.write("tenants/t2/events/date=2026-03-01/a.parquet", b"a")
        assert (lake.manifest(tenant_id), lake.tenants()) == (None, [])
        first = first_manifest(tenant_id, NOW, contributes=True)
        for manifest in (first, first.contributing(NOW, contributes=False)):
            lake.write_manifest(manifest)
            assert lake.manifest(tenant_id) == manifest
        assert lake.tenants() == [tenant_id]
        lake.erase_tenant(tenant_id)
        lake.erase_tenant(TenantId("t2"))

    def test_what_is_discarded_was_never_there(self, lake_url: str) -> None:
        """No file of that name or another, whether something was written or not; one that is kept stays."""
        lake, tenant_id = Lake.open(lake_url), TenantId("t3")
        for content in (b"", b"half"):
            writing = lake.begin("tenants/t3/events/x")
            writing.write(content)
            writing.discard()
        assert lake.files_of(tenant_id) == []
        writing = lake.begin("tenants/t3/events/x")
        writing.write(b"whole")
        assert writing.keep() == hashlib.sha256(b"whole").hexdigest()
        writing.discard()
        assert (lake.files_of(tenant_id), lake.read("tenants/t3/events/x")) == (["tenants/t3/events/x"], b"whole")
        lake.erase_tenant(tenant_id)

    def test_erasing_takes_one_tenant(self, lake_url: str) -> None:
        """All of it, once more without harm, and nothing of the tenant whose name begins alike."""
        lake, tenant_id, other = Lake.open(lake_url), TenantId("t4"), TenantId("t44")
        for each in (tenant_id, other):
            lake.write(f"tenants/{each}/events/date=2026-03-01/a.parquet", b"a")
            lake.write_manifest(first_manifest(each, NOW, contributes=True))
        for _ in range(2):
            lake.erase_tenant(tenant_id)
            assert (lake.manifest(tenant_id), lake.files_of(tenant_id), lake.tenants()) == (None, [], [other])
        assert lake.files_of(other) == [f"tenants/{other}/events/date=2026-03-01/a.parquet"]
        lake.erase_tenant(other)

    def test_an_artifact_is_what_its_name_says(self, lake_url: str) -> None:
        """Its bytes by their checksum; ArtifactCorruptError for others, which a new one of the same name mends."""
        lake = Lake.open(lake_url)
        artifacts = Artifacts(lake)
        name = artifacts.put(b"a model")
        assert (name, artifacts.put(b"a model")) == (hashlib.sha256(b"a model").hexdigest(),) * 2
        assert artifacts.get(name) == b"a model"
        lake.write(f"models/artifacts/{name}.skops", b"a model!")
        with pytest.raises(ArtifactCorruptError):
            artifacts.get(name)
        artifacts.put(b"a model")
        assert artifacts.get(name) == b"a model"
        with pytest.raises(FileNotFoundError):
            artifacts.get("0" * 64)

    def test_candidates_are_listed_and_read(self, lake_url: str) -> None:
        """None at first; then each by its id, as it was last put."""
        artifacts = Artifacts(Lake.open(lake_url))
        assert artifacts.candidates() == []
        for document in (b"{}", b'{"again":1}'):
            artifacts.put_candidate(document, "model-1")
        artifacts.put_candidate(b"{}", "model-0")
        assert artifacts.candidates() == ["model-0", "model-1"]
        assert artifacts.candidate("model-1") == b'{"again":1}'


def test_a_folder_is_its_owners_alone(tmp_path: Path) -> None:
    """0700 for every folder from the lake's own on, 0600 for files."""
    lake = Lake.open(str(tmp_path / "lake"))
    lake.write_manifest(first_manifest(TenantId("t1"), NOW, contributes=True))
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "lake", *(tmp_path / "lake").rglob("*"))}
    assert modes == {0o700, 0o600}


def test_an_address_of_no_lake_is_refused() -> None:
    """LakeAddressError for another scheme and for S3 without a bucket."""
    for url in ("ftp://somewhere/lake", "s3://"):
        with pytest.raises(LakeAddressError):
            Lake.open(url)
