"""Bring a database to the newest schema: numbered steps, forward only, one runner at a time."""

from typing import Any

from storage.sql import Migration

_LOCK = 0x756E6D6F67  # any number that nothing else locks


async def migrate(connection: Any, migrations: tuple[Migration, ...]) -> int:
    """Run the steps that this database lacks; return how many ran.

    Raises:
        MigrationEditedError: a step that ran here has another text now.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations "
            "(number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, "
            "applied_at timestamptz NOT NULL DEFAULT now())"
        )
        rows = await connection.fetch("SELECT number, checksum FROM schema_migrations")
        applied = {row["number"]: row["checksum"] for row in rows}
        pending = 0
        for step in migrations:
            if step.number in applied:
                if applied[step.number] != step.checksum:
                    raise MigrationEditedError(step)
                continue
            await connection.execute(step.sql)
            await connection.execute(
                "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
                step.number,
                step.name,
                step.checksum,
            )
            pending += 1
    return pending


class MigrationEditedError(Exception):
    """A migration that already ran somewhere was edited; add a new one instead."""

    def __init__(self, step: Migration) -> None:
        super().__init__(f"migration {step.number:04} {step.name} was edited after it ran; add a new one instead")
