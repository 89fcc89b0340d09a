"""The manifest of a tenant's part of the lake: which files count. What it does not name is not there.

A file is written once, under a name of its own, and never changed. Whoever reads takes the manifest first and then its
files, so that what is read belongs together; a file that was replaced stays for a while for those who read it still.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.ids import TenantId

Day = date


class Dataset(StrEnum):
    """What the lake has of a tenant: events by the UTC day of `event_time`, attributions by `conversion_time`'s."""

    EVENTS = "events"
    ATTRIBUTIONS = "attributions"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LakeFile(_Document):
    """One day of a dataset: `path` below the lake's root; `fingerprint` changes when the day's rows do."""

    dataset: Dataset
    date: Day
    path: str
    rows: int
    size_bytes: int
    sha256: str
    fingerprint: str

    @property
    def key(self) -> tuple[Dataset, Day]:
        """What the file is of: a manifest names at most one."""
        return self.dataset, self.date


class ReplacedFile(_Document):
    """A file that counts no more, and since when: it is deleted when its readers have ended."""

    path: str
    replaced_at: datetime


class Manifest(_Document):
    """All that counts of one tenant; `contributes`: the tenant lets the global models learn from it."""

    format: Literal[1] = 1
    version: int
    tenant_id: TenantId
    written_at: datetime
    contributes: bool
    files: tuple[LakeFile, ...] = ()
    replaced: tuple[ReplacedFile, ...] = ()

    def paths(
        self, dataset: Dataset | str, first_day: Day | None = None, last_day: Day | None = None
    ) -> tuple[str, ...]:
        """Give the paths below the lake's root of a dataset's files, by day; both ends count, None is no bound.

        `Lake.path` makes of each what the lake's file system opens.
        """
        return tuple(
            file.path
            for file in self.files
            if file.dataset == dataset
            and (first_day is None or file.date >= first_day)
            and (last_day is None or file.date <= last_day)
        )

    def by_day(self) -> dict[tuple[Dataset, Day], LakeFile]:
        """Give the files by what they are of."""
        return {file.key: file for file in self.files}

    def next(
        self, now: datetime, *, written: Iterable[LakeFile] = (), gone: Iterable[tuple[Dataset, Day]] = ()
    ) -> "Manifest":
        """Make the manifest after this one: days written anew or for the first time, and days that have no rows."""
        files = self.by_day()
        new = {file.key: file for file in written}
        old = [files.pop(day) for day in sorted({*gone, *new} & files.keys())]
        replaced = tuple(ReplacedFile(path=file.path, replaced_at=now) for file in old)
        ordered = tuple(file for _, file in sorted((files | new).items()))
        return self._after(now, files=ordered, replaced=self.replaced + replaced)

    def without_replaced(self, paths: Iterable[str], now: datetime) -> "Manifest":
        """Make the manifest after this one, in which these replaced files are forgotten."""
        forgotten = set(paths)
        return self._after(now, replaced=tuple(each for each in self.replaced if each.path not in forgotten))

    def contributing(self, now: datetime, *, contributes: bool) -> "Manifest":
        """Make the manifest after this one, with what the tenant now says of the global models."""
        return self._after(now, contributes=contributes)

    def _after(self, now: datetime, **changed: object) -> "Manifest":
        return self.model_copy(update={"version": self.version + 1, "written_at": now} | changed)


def first_manifest(tenant_id: TenantId, now: datetime, *, contributes: bool) -> Manifest:
    """Make what stands before a tenant's first manifest: version 0, which names nothing."""
    return Manifest(version=0, tenant_id=tenant_id, written_at=now, contributes=contributes)
