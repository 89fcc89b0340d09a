"""The lake: a folder, or a prefix in a bucket of S3, by pyarrow's file systems. docs/lake.md draws its layout.

All of it is synchronous, for threads: pyarrow's file systems are. In a folder everything is its owner's alone and on
disk before it gets its name; in S3 an object is there when it is whole, and its bucket says who may read it.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from pyarrow import fs

from schemas.ids import TenantId, parse_tenant_id
from schemas.problems import TenantIdInvalid
from storage.lake.manifest import Manifest
from storage.private_file import PrivateFile

_TENANTS = "tenants"
_MANIFEST = "manifest.json"


class LakeAddressError(Exception):
    """LAKE_URL names no place for the lake: give a folder, or `s3://bucket/prefix`."""


class Writing(Protocol):
    """A file of the lake that is being written."""

    size_bytes: int

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""

    def keep(self) -> str:
        """Have the file under its name; give its SHA-256."""

    def discard(self) -> None:
        """Leave nothing of a file that was not kept."""


class _Object:
    """Writes an object of S3: it is there when the upload is completed."""

    def __init__(self, filesystem: Any, path: str) -> None:
        self._filesystem = filesystem
        self._path = path
        self._stream = filesystem.open_output_stream(path)
        self._digest = hashlib.sha256()
        self._is_kept = False
        self.size_bytes = 0

    def write(self, chunk: bytes) -> None:
        self._stream.write(chunk)
        self._digest.update(chunk)
        self.size_bytes += len(chunk)

    def keep(self) -> str:
        self._stream.close()
        self._is_kept = True
        return self._digest.hexdigest()

    def discard(self) -> None:
        if self._is_kept:
            return
        # A stream that is let go completes its upload too, at a time that nobody knows.
        with suppress(OSError):
            self._stream.close()
        with suppress(OSError):
            self._filesystem.delete_file(self._path)


@dataclass(frozen=True, slots=True)
class Lake:
    """The lake at one address: `root` is its place in `filesystem` (pyarrow.fs.FileSystem)."""

    filesystem: Any
    root: str

    @classmethod
    def open(cls, url: str) -> "Lake":
        """Open the lake at a folder's path, or an address as `pyarrow.fs.FileSystem.from_uri` takes it.

        Raises:
            LakeAddressError: it is neither.
        """
        if "://" not in url:
            return cls(fs.LocalFileSystem(), str(Path(url).absolute()))
        try:
            filesystem, root = fs.FileSystem.from_uri(url)
        except (pa.ArrowException, ValueError) as error:
            raise LakeAddressError(f"LAKE_URL is no address of a lake: {error}") from error
        if not root:
            raise LakeAddressError("LAKE_URL names no bucket.")
        return cls(filesystem, root.rstrip("/"))

    def path(self, relative: str) -> str:
        """Give what the file system opens of a path below the root, such as `Manifest.paths` gives."""
        return f"{self.root}/{relative}"

    def manifest(self, tenant_id: TenantId) -> Manifest | None:
        """Read a tenant's manifest; None before the first export.

        Raises:
            OSError: the lake is out of reach; so all that follows.
        """
        try:
            return Manifest.model_validate_json(self.read(_manifest_path(tenant_id)))
        except FileNotFoundError:
            return None

    def write_manifest(self, manifest: Manifest) -> None:
        """Have a manifest stand in the place of the one before, at once: nobody reads half of one."""
        self.write(_manifest_path(manifest.tenant_id), manifest.model_dump_json(indent=1).encode())

    def tenants(self) -> list[TenantId]:
        """List the tenants that have a manifest."""
        names = [info.base_name for info in self._infos(_TENANTS) if info.type == fs.FileType.Directory]
        tenant_ids = []
        for name in sorted(names):
            with suppress(TenantIdInvalid):
                tenant_ids.append(parse_tenant_id(name))
        infos = self.filesystem.get_file_info([self.path(_manifest_path(each)) for each in tenant_ids])
        return [each for each, info in zip(tenant_ids, infos, strict=True) if info.type == fs.FileType.File]

    def erase_tenant(self, tenant_id: TenantId) -> None:
        """Delete all of a tenant, its manifest first; nothing happens to one that is not there."""
        self.remove(_manifest_path(tenant_id))
        with suppress(FileNotFoundError):
            self.filesystem.delete_dir(self.path(_tenant_folder(tenant_id)))

    def files_of(self, tenant_id: TenantId) -> list[str]:
        """List the paths below the root of all files of a tenant but its manifest, whether they count or not."""
        infos = self._infos(_tenant_folder(tenant_id), recursive=True)
        paths = [info.path.removeprefix(f"{self.root}/") for info in infos if info.type == fs.FileType.File]
        return [path for path in paths if path != _manifest_path(tenant_id)]

    def begin(self, relative: str) -> Writing:
        """Begin to write a file, which whoever asks for it keeps or discards."""
        path = self.path(relative)
        is_folder = isinstance(self.filesystem, fs.LocalFileSystem)
        return PrivateFile(Path(path)) if is_folder else _Object(self.filesystem, path)

    def write(self, relative: str, content: bytes) -> None:
        """Write a small file as a whole, also in the place of an earlier one."""
        writing = self.begin(relative)
        try:
            writing.write(content)
            writing.keep()
        finally:
            writing.discard()

    def read(self, relative: str) -> bytes:
        """Read a file as a whole.

        Raises:
            FileNotFoundError: it is not there.
        """
        with self.filesystem.open_input_stream(self.path(relative)) as stream:
            content: bytes = stream.read()
            return content

    def remove(self, relative: str) -> None:
        """Delete a file; nothing happens to one that is not there."""
        with suppress(FileNotFoundError):
            self.filesystem.delete_file(self.path(relative))

    def names(self, relative: str) -> list[str]:
        """List the names of the files in a folder."""
        return sorted(info.base_name for info in self._infos(relative) if info.type == fs.FileType.File)

    def size_bytes(self, relative: str) -> int | None:
        """Give a file's size; None for one that is not there."""
        size: int | None = self.filesystem.get_file_info(self.path(relative)).size
        return size

    def _infos(self, relative: str, *, recursive: bool = False) -> list[Any]:
        selector = fs.FileSelector(self.path(relative), allow_not_found=True, recursive=recursive)
        infos: list[Any] = self.filesystem.get_file_info(selector)
        return infos


def _tenant_folder(tenant_id: TenantId) -> str:
    return f"{_TENANTS}/{tenant_id}"


def _manifest_path(tenant_id: TenantId) -> str:
    return f"{_tenant_folder(tenant_id)}/{_MANIFEST}"
