"""When a tenant's waiting rows go to ClickHouse: enough of them, or old enough, but never in a rush of tiny inserts."""

from dataclasses import dataclass
from math import inf

from schemas.settings import ActorSettings

_LARGE_SHARE = 0.1
"""Of a full insert: so many rows are worth one of their own."""


@dataclass(slots=True)
class Backlog:
    """Rows that are committed to the spool and not yet stored; times are monotonic seconds.

    Below zero while a commit whose answer was lost is stored already and not yet counted in.
    """

    events: int = 0
    bytes: int = 0
    oldest_at: float = 0.0
    newest_at: float = 0.0
    has_conversion: bool = False

    def add(self, events: int, size_bytes: int, *, has_conversion: bool, now: float) -> None:
        """Count a commit in."""
        if self.events <= 0:
            self.oldest_at = now
        self.newest_at = now
        self.events += events
        self.bytes += size_bytes
        self.has_conversion = self.has_conversion or has_conversion

    def remove(self, events: int, size_bytes: int, *, now: float) -> None:
        """Count a stored batch out; what is left arrived while it was being stored."""
        self.events -= events
        self.bytes -= size_bytes
        self.oldest_at = now
        self.has_conversion = self.has_conversion and self.events > 0

    def ripe_in_seconds(self, settings: ActorSettings, now: float) -> float:
        """How long until more time makes an insert no larger: it is full, or large and nothing comes any more.

        Infinite while neither is in sight.
        """
        if self.events >= settings.flush_rows:
            return 0.0
        if self.events >= settings.flush_rows * _LARGE_SHARE:
            return max(0.0, self.newest_at + settings.insert_lull_seconds - now)
        return inf

    def is_full(self, settings: ActorSettings, now: float) -> bool:
        """Say whether the tenant has used up its share of the spool, by bytes or by age."""
        if self.events <= 0:
            return False
        return self.bytes >= settings.spool_bytes_max or now - self.oldest_at >= settings.spool_age_seconds_max


def flush_in_seconds(backlog: Backlog, settings: ActorSettings, last_at: float, *, now: float) -> float | None:
    """How long until the rows should be stored: 0 now, None never (there are none).

    `last_at` is when the last insert ended.
    """
    if backlog.events <= 0:
        return None
    linger = settings.conversion_flush_seconds if backlog.has_conversion else settings.flush_seconds
    wait_seconds = max(0.0, backlog.oldest_at + linger - now, last_at + settings.insert_rest_seconds - now)
    return min(wait_seconds, backlog.ripe_in_seconds(settings, now))
