"""What a recomputation is: history under another policy, shown before it is adopted.

    queued ──► running ──► done ──► adopted
                  │
                  └──────► failed

One whose actor dies stays `running`; the next incarnation goes on after the last portion that was recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class RecomputeState(StrEnum):
    """Where a recomputation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True)
class RecomputeProgress:
    """How far it came: up to `at` (conversion_time, conversion_id) everything is counted, and nothing after it.

    `sources` has for each media source its conversions before and after; `failed` ones keep their result.
    """

    done: int = 0
    moved: int = 0
    failed: int = 0
    at: tuple[datetime, str] | None = None
    sources: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewRecompute:
    """What was asked for: conversions from `since` to before `until` (aware). Without a dry run it adopts itself."""

    recompute_id: str
    policy_version: int
    since: datetime
    until: datetime
    dry_run: bool
    requested_by: str


@dataclass(frozen=True, slots=True)
class RecomputeRecord:
    """A recomputation as it is recorded; `conversions` is None until they are counted."""

    asked: NewRecompute
    state: RecomputeState
    conversions: int | None
    progress: RecomputeProgress
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    adopted_at: datetime | None

    def document(self) -> dict[str, Any]:
        """Write it down as the API shows it."""
        asked, progress = self.asked, self.progress
        return {
            "recompute_id": asked.recompute_id,
            "state": self.state.value,
            "policy_version": asked.policy_version,
            "from": asked.since,
            "to": asked.until,
            "dry_run": asked.dry_run,
            "conversions": self.conversions,
            "conversions_done": progress.done,
            "moved": progress.moved,
            "failed": progress.failed,
            "media_sources": [
                {"media_source": name, "before": before, "after": after, "difference": after - before}
                for name, (before, after) in sorted(progress.sources.items(), key=lambda each: (-max(each[1]), each[0]))
            ],
            "error": self.error,
            "created_at": self.created_at,
            "finished_at": self.finished_at,
            "adopted_at": self.adopted_at,
        }


@dataclass(frozen=True, slots=True)
class Move:
    """A conversion whose answer another policy changes: by field, what it was and what it would be."""

    conversion_id: str
    changes: Mapping[str, tuple[Any, Any]]
