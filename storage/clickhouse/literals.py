"""Values of our own making that stand in a statement's text: safe there, and too many for parameters."""

from collections.abc import Iterable
from datetime import datetime

import xxhash


def text_hash(text: str) -> int:
    """Hash as ClickHouse's `xxh3` does."""
    return xxhash.xxh3_64_intdigest(text.encode())


def number_list(numbers: Iterable[int]) -> str:
    """Write what stands between the parentheses after IN."""
    return ",".join(map(str, sorted(numbers)))


def moment(time: datetime) -> str:
    """Write an aware time, to the millisecond."""
    return f"fromUnixTimestamp64Milli({int(time.timestamp() * 1000)}, 'UTC')"
