"""Writes what both planes say at `/openapi.json` into `openapi/`, from the routes alone: nothing has to run for it.

Whoever generates a client reads these files; `make lint` refuses them when they are not what the routes say.
"""

import sys
from pathlib import Path
from typing import Any

import orjson

from schemas.backends import Backends
from schemas.settings import Settings
from serve_apps.builder import global_plane, tenant_app

_FOLDER = Path("openapi")


def documents() -> dict[str, dict[str, Any]]:
    """Make each plane's document, by the plane's name."""
    # No route is called, so nobody looks at where the databases would be.
    nowhere = Backends("", 0, "", "", b"")
    apps = {"tenant": tenant_app(nowhere, Settings()), "global": global_plane(nowhere, Settings())}
    return {plane: app.openapi() for plane, app in apps.items()}


def written(document: dict[str, Any]) -> bytes:
    """Write a document down as it is kept: the same routes give the same bytes on every machine."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def stale(folder: Path) -> list[Path]:
    """List the files of a folder that differ from what the routes say now."""
    paths = {folder / f"{plane}.json": written(document) for plane, document in documents().items()}
    return [path for path, text in paths.items() if not path.exists() or path.read_bytes() != text]


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` say which of them are stale; the number of those is the exit status."""
    if "--check" in arguments:
        paths = stale(_FOLDER)
        for path in paths:
            sys.stderr.write(f"{path} is not what the routes say: run `make openapi` and commit it.\n")
        return len(paths)
    for plane, document in documents().items():
        (_FOLDER / f"{plane}.json").write_bytes(written(document))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
