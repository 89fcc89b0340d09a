"""A stretch of network before a server, which can break at the worst moment: after the commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

_PIECE_BYTES = 65_536


class Relay:
    """Carries bytes both ways; told to, it breaks a connection in the place of one answer."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._marker: bytes | None = None
        self.lost = asyncio.Event()
        self.port = 0

    def lose_answer_to(self, marker: bytes) -> None:
        """Break the next connection that carries the marker, once the server has answered it."""
        self._marker = marker
        self.lost.clear()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        doomed = asyncio.Event()
        with closing(writer):
            there_reader, there_writer = await asyncio.open_connection(*self._there)
            with closing(there_writer):
                ways = [
                    asyncio.create_task(self._requests(reader, there_writer, doomed)),
                    asyncio.create_task(self._answers(there_reader, writer, doomed)),
                ]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
        with suppress(OSError):
            await asyncio.gather(writer.wait_closed(), there_writer.wait_closed())

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            if self._marker is not None and self._marker in piece:
                self._marker = None
                doomed.set()
            writer.write(piece)
            await writer.drain()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            if doomed.is_set():
                self.lost.set()
                return
            writer.write(piece)
            await writer.drain()


@asynccontextmanager
async def relay_to(host: str, port: int) -> AsyncIterator[Relay]:
    """Open a relay to a server on a port of its own."""
    relay = Relay(host, port)
    lines: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.create_task(relay.carry(reader, writer))
        lines.add(line)
        line.add_done_callback(lines.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        await server.wait_closed()
