"""SQL stands in `.sql` files: named queries, and numbered migrations that only go forward."""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def load_queries(package: str, file: str) -> dict[str, str]:
    """Read the queries of one file, each headed by `-- name: <name>`.

    Raises:
        FileNotFoundError: the package has no such file.
    """
    parts = _NAME.split(files(package).joinpath(file).read_text(encoding="utf-8"))
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def fill(statement: str, names: dict[str, str]) -> str:
    """Put names of our own making in the place of `{slots}`; values are bound, never put in."""
    for slot, name in names.items():
        statement = statement.replace("{" + slot + "}", name)
    return statement


def statements_of(script: str) -> list[str]:
    """Take a script apart whose statements each end with a semicolon and a line break."""
    return [statement for statement in script.split(";\n") if statement.strip()]


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of a schema."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text: a step that ran somewhere must never be edited."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load_migrations(package: str, folder: str) -> tuple[Migration, ...]:
    """Read `NNNN_name.sql` of a folder in order of their numbers, which must run from 1 without a gap."""
    found = sorted(
        (entry for entry in files(package).joinpath(folder).iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    migrations = tuple(
        Migration(int(entry.name[:4]), entry.name[5:-4], entry.read_text(encoding="utf-8")) for entry in found
    )
    assert [migration.number for migration in migrations] == list(range(1, len(migrations) + 1))
    return migrations
