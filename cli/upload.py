"""Sends rows in the order in which they come, one request after the other, and counts what became of them.

One request at a time keeps the order: a journey's touches are there before its conversion asks for them.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from cli.tenant_api import TenantApi

ROWS_PER_REQUEST = 2_000
BYTES_PER_REQUEST = 4 * 1024 * 1024


@dataclass(slots=True)
class Tally:
    """What became of rows; `reasons` counts rejections by pointer and detail."""

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, rows: int, answer: dict[str, Any]) -> None:
        """Count an answer in."""
        self.sent += rows
        self.accepted += answer["accepted"]
        self.duplicates += answer["duplicates"]
        self.rejected += len(answer["rejected"])
        for rejection in answer["rejected"]:
            for error in rejection["errors"]:
                self.reasons[error["pointer"], error["detail"]] += 1


async def upload(
    api: TenantApi, rows: Iterable[bytes], tally: Tally, after_request: Callable[[int, int], None]
) -> None:
    """Send rows (NDJSON lines); `after_request` is told the rows and bytes that each request carried.

    Raises:
        ApiError, UnreachableError: what was sent before stays sent.
    """
    waiting: list[bytes] = []
    size = 0
    for row in rows:
        waiting.append(row)
        size += len(row)
        if len(waiting) == ROWS_PER_REQUEST or size >= BYTES_PER_REQUEST:
            await _send(api, waiting, tally, after_request)
            waiting, size = [], 0
    if waiting:
        await _send(api, waiting, tally, after_request)


async def _send(api: TenantApi, rows: list[bytes], tally: Tally, after_request: Callable[[int, int], None]) -> None:
    body = b"".join(rows)
    tally.add(len(rows), await api.send(body))
    after_request(len(rows), len(body))
