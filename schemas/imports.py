"""What an import of a file is: how it is to be read, how far it came, and how it ended.

    queued ──► running ──► done
                  │
                  └──────► failed ──► queued   (the same file was sent again)

A running import whose process dies stays `running`; its next run goes on after the last row that was recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ImportFormat(StrEnum):
    """What a file is; text may be plain, gzip or zstd."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


class ImportState(StrEnum):
    """Where an import stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class UnknownColumns(StrEnum):
    """What becomes of columns that are no fields of an event."""

    PROPERTIES = "properties"
    REJECT = "reject"


class UnreadableFileError(Exception):
    """A file that cannot be read on; the message says where and why, for the one who sent it."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be read. `mapping` gives a column its field; None leaves the column out."""

    format: ImportFormat
    dry_run: bool = False
    mapping: Mapping[str, str | None] = field(default_factory=dict)
    unknown: UnknownColumns = UnknownColumns.PROPERTIES

    def document(self) -> dict[str, Any]:
        """Write the options down; the same options always give the same document."""
        return {
            "format": self.format.value,
            "dry_run": self.dry_run,
            "mapping": dict(sorted(self.mapping.items())),
            "unknown": self.unknown.value,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "ImportOptions":
        """Read what `document` wrote."""
        return cls(
            ImportFormat(document["format"]),
            document["dry_run"],
            document["mapping"],
            UnknownColumns(document["unknown"]),
        )


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import came: every row up to `rows_done` is accounted for, and none after it.

    `rejections` holds the first of them: `{"row", "event_id", "errors": [{"pointer", "detail"}]}`.
    """

    rows_done: int = 0
    bytes_done: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejections: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class NewImport:
    """A file that was received and is to be imported."""

    import_id: str
    file_sha256: str
    filename: str
    bytes_total: int
    options: ImportOptions


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """An import as it is recorded. `run` counts its starts; `barren_runs` those since its last progress."""

    import_id: str
    state: ImportState
    file_sha256: str
    filename: str
    bytes_total: int
    options: ImportOptions
    progress: ImportProgress
    error: str | None
    run: int
    barren_runs: int
    created_at: datetime
    finished_at: datetime | None

    def document(self) -> dict[str, Any]:
        """Write it down as the API shows it."""
        progress = self.progress
        return {
            "import_id": self.import_id,
            "state": self.state.value,
            "filename": self.filename,
            **self.options.document(),
            "bytes_total": self.bytes_total,
            "bytes_done": progress.bytes_done,
            "rows_done": progress.rows_done,
            "accepted": progress.accepted,
            "duplicates": progress.duplicates,
            "rejected": progress.rejected,
            "rejections": list(progress.rejections),
            "error": self.error,
            "created_at": self.created_at,
            "finished_at": self.finished_at,
        }
