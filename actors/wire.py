"""Calls from a replica to a host over a connection of their own: many at once, answered in whatever order.

A call to an actor by Ray costs both sides 0.7 ms of CPU and wakes six threads; this costs a tenth of that, and wakes
the two that have the work. It carries what comes by the hundred a second, batches of events, and nothing else. It finds
nobody and starts nobody: Ray does, and whatever goes wrong here is left to a call by Ray.

    caller                                 host
      | <---------- 16 random bytes ---------- |
      | - 16 others, HMAC of these and address |
      | <----- HMAC of those and address ----- |
      | -------- number, size, call ---------> |   any number of them
      | <------- number, size, answer -------- |

Both ends know the cluster's secret. The address is the one that Ray told: who listens where a host was, and passes on
what a host asks, has a proof for another address.
"""

import asyncio
import hashlib
import hmac
import secrets
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

Address = tuple[str, int]

_FRAME = struct.Struct("!QI")
_CHALLENGE_BYTES = 16
_PROOF_BYTES = hashlib.sha256().digest_size
_CALLER, _HOST = b"caller", b"host"
_GREETING_SECONDS = 5.0
_ANSWER_SECONDS = 10.0
"""A host answers within a tenth of a second, if only with tickets. One whose machine has lost its power says nothing:
TCP notices that after a quarter of an hour, Ray, which asks after its nodes, within seconds."""

_BUFFER_BYTES = 1024 * 1024
_LOST = (OSError, EOFError, TimeoutError)

log = structlog.get_logger()


class WireBrokenError(Exception):
    """The connection is lost, or could not be made; the call may have run."""


class WireServer:
    """Answers calls."""

    def __init__(self, answer: Callable[[bytes], Awaitable[bytes]], secret: bytes) -> None:
        self._answer = answer
        self._secret = secret
        self._server: asyncio.Server | None = None
        self._address: Address = ("", 0)
        self._connections: set[asyncio.Task[None]] = set()
        self._calls: set[asyncio.Task[None]] = set()

    async def open(self, host: str) -> Address:
        """Listen on any free port of an address; say where."""
        self._server = await asyncio.start_server(self._connected, host, 0, limit=_BUFFER_BYTES)
        address, port = self._server.sockets[0].getsockname()[:2]
        self._address = (address, port)
        return self._address

    def close(self) -> None:
        """Listen no longer, and break what connections there are."""
        if self._server:
            self._server.close()
        for connection in self._connections:
            connection.cancel()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await self._is_known(reader, writer):
                while True:
                    number, packed = await _receive(reader)
                    call = asyncio.create_task(self._reply(number, packed, writer))
                    self._calls.add(call)
                    call.add_done_callback(self._calls.discard)
        except _LOST:
            pass
        finally:
            writer.close()

    async def _is_known(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        _write(writer, challenge)
        async with asyncio.timeout(_GREETING_SECONDS):
            theirs = await reader.readexactly(_CHALLENGE_BYTES)
            proof = await reader.readexactly(_PROOF_BYTES)
        if not hmac.compare_digest(proof, _proof(self._secret, _CALLER, challenge, self._address)):
            return False
        _write(writer, _proof(self._secret, _HOST, theirs, self._address))
        return True

    async def _reply(self, number: int, packed: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            _send(writer, number, await self._answer(packed))
        except Exception:
            # The caller repeats the call by Ray, which can tell it what went wrong.
            log.exception("wire_call_failed")
            writer.close()


class Wire:
    """Calls one server, by a connection that is made when it is needed."""

    def __init__(self, find: Callable[[], Awaitable[Address]], secret: bytes) -> None:
        """Take how the server's address is found."""
        self._find = find
        self._secret = secret
        self._opening = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._numbers = 0
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, so that the first call need not.

        Raises:
            WireBrokenError: nobody answers there.
            Exception: what finding the address raises.
        """
        await self._open()

    async def call(self, packed: bytes) -> bytes:
        """Send a call and wait for its answer.

        Raises:
            WireBrokenError: there is no connection, or no longer, or no answer comes by it.
            Exception: what finding the address raises.
        """
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await self._call(packed)
        except TimeoutError as error:
            # What else waits for this connection hears of it at once.
            self.close()
            raise WireBrokenError("no answer") from error

    def close(self) -> None:
        """Break the connection; the next call makes another."""
        if self._reading:
            self._reading.cancel()

    async def _call(self, packed: bytes) -> bytes:
        writer = self._writer or await self._open()
        if writer is not self._writer:
            raise WireBrokenError("the connection was lost at once")
        self._numbers += 1
        number = self._numbers
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            _send(writer, number, packed)
            return await answer
        except ConnectionResetError as error:
            raise WireBrokenError(repr(error)) from error
        finally:
            del self._waiting[number]

    async def _open(self) -> asyncio.StreamWriter:
        async with self._opening:
            if self._writer is None:
                address = await self._find()
                try:
                    async with asyncio.timeout(_GREETING_SECONDS):
                        reader, writer = await asyncio.open_connection(*address, limit=_BUFFER_BYTES)
                except _LOST as error:
                    raise WireBrokenError(repr(error)) from error
                is_host = False
                try:
                    is_host = await self._is_host(reader, writer, address)
                finally:
                    if not is_host:
                        writer.close()
                if not is_host:
                    raise WireBrokenError("nobody listens there who knows the secret")
                self._writer = writer
                self._reading = asyncio.create_task(self._read(reader, writer))
            return self._writer

    async def _is_host(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address) -> bool:
        own = secrets.token_bytes(_CHALLENGE_BYTES)
        try:
            async with asyncio.timeout(_GREETING_SECONDS):
                challenge = await reader.readexactly(_CHALLENGE_BYTES)
                _write(writer, own + _proof(self._secret, _CALLER, challenge, address))
                proof = await reader.readexactly(_PROOF_BYTES)
        except _LOST:
            return False
        return hmac.compare_digest(proof, _proof(self._secret, _HOST, own, address))

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                number, packed = await _receive(reader)
                # Whoever gave up meanwhile has taken its number away.
                if (answer := self._waiting.get(number)) and not answer.done():
                    answer.set_result(packed)
        except _LOST:
            pass
        finally:
            self._writer = None
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(WireBrokenError("the connection was lost"))
            with suppress(RuntimeError):
                # Nothing is left to close it by when the loop itself has ended.
                writer.close()


def _proof(secret: bytes, role: bytes, challenge: bytes, address: Address) -> bytes:
    return hmac.digest(secret, role + challenge + f"{address[0]}:{address[1]}".encode(), hashlib.sha256)


def _send(writer: asyncio.StreamWriter, number: int, packed: bytes) -> None:
    _write(writer, _FRAME.pack(number, len(packed)) + packed)


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    try:
        writer.write(data)
    except RuntimeError as error:
        # What uvloop says of a connection whose end the reader has not heard of yet.
        raise ConnectionResetError(str(error)) from error


async def _receive(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    number, size = _FRAME.unpack(await reader.readexactly(_FRAME.size))
    return number, await reader.readexactly(size)
