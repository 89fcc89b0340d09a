"""Values of our own making as ClickHouse reads them: in a statement's text, where they are safe, or as parameters."""

from collections.abc import Iterable
from datetime import UTC, datetime

import xxhash


def text_hash(text: str) -> int:
    """Hash as ClickHouse's `xxh3` does."""
    return xxhash.xxh3_64_intdigest(text.encode())


def number_list(numbers: Iterable[int]) -> str:
    """Write what stands between the parentheses after IN."""
    return ",".join(map(str, sorted(numbers)))


def moment_text(time: datetime) -> str:
    """Write an aware time as a DateTime64(3) of UTC is read and compared: `2026-11-30 08:00:00.000`."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def moment(time: datetime) -> str:
    """Write an aware time, to the millisecond."""
    return f"fromUnixTimestamp64Milli({int(time.timestamp() * 1000)}, 'UTC')"
