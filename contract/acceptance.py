"""Breaks of clients that were decided on: each is quoted in a file, with its reason, until the next release."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_HEAD = """# Breaks of clients that were decided on, until the next release (docs/openapi.md). Each one:
# [[break]]
# what = "the line with which `make lint` refuses it, from `tenant plane:` or `global plane:` on"
# because = "why it is worth it, and what clients do instead"
"""


@dataclass(frozen=True, slots=True)
class Acceptances:
    """What may break."""

    accepted: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            ValueError: one of them has no reason.
        """
        document = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for each in document.get("break", ()):
            if not each.get("because", "").strip():
                raise ValueError(f"{path}: {each['what']!r} has no reason (because)")
        return cls(frozenset(each["what"] for each in document.get("break", ())))

    def missing(self, found: Iterable[str]) -> list[str]:
        """List the breaks that nobody decided on."""
        return [each for each in found if each not in self.accepted]

    def needless(self, found: Iterable[str]) -> list[str]:
        """List the decisions that have nothing left to decide."""
        return sorted(self.accepted - set(found))

    @staticmethod
    def clear(path: Path) -> None:
        """Forget them: what was released is what clients rely on from now on."""
        path.write_text(_HEAD, encoding="utf-8")
