"""A tenant's policies as they are kept: versions that never change, one of which is in force."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version: its document, who made it and when, what for; and when it was last adopted, and by whom."""

    version: int
    document: dict[str, Any]
    note: str
    created_by: str
    created_at: datetime
    adopted_at: datetime | None
    adopted_by: str | None
    is_adopted: bool
