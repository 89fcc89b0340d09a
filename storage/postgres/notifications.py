"""What others tell by NOTIFY in a database, heard as it comes."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from storage.postgres.connect import Database


async def notifications(database: Database, channel: str) -> AsyncGenerator[str, None]:
    """Give what is told in a channel, after one empty text: from then on nothing is missed.

    It ends when the connection breaks.

    Raises:
        CONNECTION_LOST: the database is away.
    """
    heard: asyncio.Queue[str | None] = asyncio.Queue()

    def hear(*told: Any) -> None:
        heard.put_nowait(told[-1])

    def end(_: Any) -> None:
        heard.put_nowait(None)

    async with database.connection() as connection:
        await connection.add_listener(channel, hear)
        connection.add_termination_listener(end)
        try:
            yield ""
            while (told := await heard.get()) is not None:
                yield told
        finally:
            # Whoever has heard enough gives the connection back as it was.
            if not connection.is_closed():
                connection.remove_termination_listener(end)
                await connection.remove_listener(channel, hear)
