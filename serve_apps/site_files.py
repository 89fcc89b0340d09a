"""The built site in memory, each file plain and as the build compressed it: a few megabytes, read once a replica.

Paths are looked up among the files that there were, so that no request can name another.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from mimetypes import MimeTypes
from pathlib import Path

BUILT = Path(__file__).parents[1] / "frontend" / "dist"
"""Where `make site` puts it, and where the wheel has it."""

# Without what a machine says of itself: the same files have the same types everywhere.
_MEDIA_TYPES = MimeTypes()
_MEDIA_TYPES.add_type("text/javascript", ".js")

_ENDINGS = {"br": ".br", "gzip": ".gz"}
"""The encodings that the build made, best first."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file by encoding (`identity` always); the tag tells one version of it from the next."""

    media_type: str
    tag: str
    encoded: Mapping[str, bytes]

    def best(self, accept_encoding: str) -> str:
        """Choose the smallest encoding that a client takes; see RFC 9110, 12.5.3."""
        refused = ("q=0", "q=0.0")
        accepted = {
            name.strip()
            for name, _, weight in (each.partition(";") for each in accept_encoding.lower().split(","))
            if weight.replace(" ", "") not in refused
        }
        return next((encoding for encoding in _ENDINGS if encoding in accepted & self.encoded.keys()), "identity")


def read_site(folder: Path) -> dict[str, SiteFile]:
    """Read every file of a built site, by its path under the folder; nothing if there is no such folder."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    return {
        name: _file(name, found)
        for name in found
        if not (name.endswith(tuple(_ENDINGS.values())) and _plain(name) in found)
    }


def _plain(name: str) -> str:
    return name.rpartition(".")[0]


def _file(name: str, found: Mapping[str, bytes]) -> SiteFile:
    encoded = {encoding: found[name + ending] for encoding, ending in _ENDINGS.items() if name + ending in found}
    media_type = _MEDIA_TYPES.guess_type(name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return SiteFile(media_type, hashlib.sha256(found[name]).hexdigest()[:20], {"identity": found[name]} | encoded)
