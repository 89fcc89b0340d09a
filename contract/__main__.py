"""`python -m contract`: write what is made from the routes, check that it is fresh and breaks nobody, release it."""

import sys
from pathlib import Path

import orjson

from contract.acceptance import Acceptances
from contract.breaking import breaks
from contract.client import client_modules
from contract.documents import documents, written

OPENAPI = Path("openapi")
RELEASED = OPENAPI / "released"
CLIENT = Path("unmogrow", "client")
ACCEPTED = OPENAPI / "accepted.toml"


def made() -> dict[Path, bytes]:
    """Make every file that is made from the routes."""
    planes = documents()
    files = {OPENAPI / f"{plane}.json": written(document) for plane, document in planes.items()}
    return files | {CLIENT / name: text for name, text in client_modules(planes).items()}


def write() -> list[str]:
    """Write them all."""
    for path, text in made().items():
        path.write_bytes(text)
    return []


def check() -> list[str]:
    """Say which of them are stale, and what would break clients of the last release."""
    files = made()
    stale = [path for path, text in files.items() if not path.exists() or path.read_bytes() != text]
    found = [
        f"{path.stem} plane: {each}"
        for path in sorted(RELEASED.glob("*.json"))
        for each in breaks(orjson.loads(path.read_bytes()), orjson.loads(files[OPENAPI / path.name]))
    ]
    acceptances = Acceptances.read(ACCEPTED)
    return [
        *(f"{path} is not what the routes say: run `make openapi` and commit it." for path in stale),
        *(f"It breaks clients: {each} (docs/openapi.md says what to do)" for each in acceptances.missing(found)),
        *(f"{ACCEPTED}: this breaks nobody any more: {each}" for each in acceptances.needless(found)),
    ]


def release() -> list[str]:
    """Keep the documents as those of the release: from now on clients of these must not break."""
    RELEASED.mkdir(exist_ok=True)
    for path in OPENAPI.glob("*.json"):
        (RELEASED / path.name).write_bytes(path.read_bytes())
    Acceptances.clear(ACCEPTED)
    return []


if __name__ == "__main__":
    faults = {"write": write, "check": check, "release": release}[sys.argv[1]]()
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    sys.exit(bool(faults))
