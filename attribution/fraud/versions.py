"""Versions as telephones write them: which exist, and which is the newer."""

import re
from datetime import datetime

_DIGITS = re.compile(r"\d+(?:\.\d+)*")

_IOS_LAST_COUNTED, _IOS_FIRST_NAMED = 18, 26
"""iOS 18 was followed by iOS 26, which Apple named for the year 2025/26; one a year since."""

_ANDROID_OF_2025 = 16
_YEAR = 2025
_API_LEVEL_MIN, _API_LEVEL_OF_2025 = 21, 36
"""What some SDKs send for Android in the place of a version: 21 is Android 5, 36 is Android 16."""


def version_numbers(text: str) -> tuple[int, ...] | None:
    """Read the numbers of a version such as `18.1`, `Android 14` or `1.4.2-beta`; None if it has none."""
    found = _DIGITS.search(text)
    return tuple(int(part[:9]) for part in found[0].split(".")) if found else None


def is_older(version: str, other: str) -> bool:
    """Say whether a version is surely older than another: `2.1` is not older than `2.1.3`, which it may stand for."""
    mine, theirs = version_numbers(version), version_numbers(other)
    if mine is None or theirs is None:
        return False
    length = min(len(mine), len(theirs))
    return mine[:length] < theirs[:length]


def os_version_exists(platform: str, os_version: str, at: datetime) -> bool:
    """Say whether an operating system of this version may be in use at a time; True where that is not known.

    A year ahead is granted, for previews. Sources: Apple's and Android's release notes.
    """
    numbers = version_numbers(os_version)
    if numbers is None:
        return True
    major, years = numbers[0], at.year - _YEAR
    if platform == "ios":
        return 1 <= major <= _IOS_LAST_COUNTED or _IOS_FIRST_NAMED <= major <= _IOS_FIRST_NAMED + years + 1
    if platform == "android":
        is_api_level = len(numbers) == 1 and _API_LEVEL_MIN <= major <= _API_LEVEL_OF_2025 + years + 1
        return is_api_level or 1 <= major <= _ANDROID_OF_2025 + years + 1
    return True
