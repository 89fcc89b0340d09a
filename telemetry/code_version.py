"""Which code a process runs, as a digest of its source: two processes that give the same one run the same code."""

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_FOLDERS = (
    "actors",
    "attribution",
    "frontend/dist",
    "ingest",
    "jobs",
    "schemas",
    "serve_apps",
    "storage",
    "telemetry",
    "tenancy",
)
_ENDINGS = {".py", ".sql", ".json", ".html", ".js"}


@cache
def code_version() -> str:
    """Digest all that is deployed: code, queries, schemas and the built site, as they lie on this node's disk."""
    digest = hashlib.sha256()
    for folder in _FOLDERS:
        for file in sorted((_ROOT / folder).rglob("*")):
            if file.suffix in _ENDINGS:
                digest.update(f"{file.relative_to(_ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()
