"""Calls over a connection, between two ends in one process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import pytest

from actors import wire as wire_module
from actors.wire import Address, Wire, WireBrokenError, WireServer
from tests.crash.relay import relay_to

pytestmark = pytest.mark.anyio

SECRET = b"s" * 32


@asynccontextmanager
async def wire_to(answer: Callable[[bytes], Awaitable[bytes]], secret: bytes = SECRET) -> AsyncIterator[Wire]:
    """Connect two ends."""
    server = WireServer(answer, SECRET)
    address = await server.open("127.0.0.1")

    async def find() -> Address:
        return address

    wire = Wire(find, secret)
    try:
        yield wire
    finally:
        wire.close()
        server.close()
        await asyncio.sleep(0.01)


async def shout(packed: bytes) -> bytes:
    """Answer later, the longer the call."""
    if packed == b"fail":
        raise ValueError
    await asyncio.sleep(len(packed) / 1_000)
    return packed.upper()


async def test_each_call_gets_its_own_answer() -> None:
    """100 answers, which come in another order than the calls."""
    async with wire_to(shout) as wire:
        calls = [b"x" * size for size in range(100, 0, -1)]
        assert await asyncio.gather(*map(wire.call, calls)) == [call.upper() for call in calls]


async def test_a_large_call_arrives_whole() -> None:
    """8 MB there and back."""

    async def echo(packed: bytes) -> bytes:
        return packed

    large = bytes(range(256)) * 32 * 1024
    async with wire_to(echo) as wire:
        assert await wire.call(large) == large


async def test_who_does_not_know_the_secret_is_not_answered() -> None:
    """`WireBrokenError`."""
    async with wire_to(shout, b"t" * 32) as wire:
        with pytest.raises(WireBrokenError):
            await wire.call(b"x")


async def test_who_listens_in_a_hosts_place_gets_no_call() -> None:
    """`WireBrokenError`, whether it makes its proof up or has a host make one; it never sees a call."""
    heard = b""

    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        writer.write(bytes(16))
        await reader.readexactly(48)
        writer.write(bytes(32))
        heard = await reader.read()
        writer.close()

    impostor = await asyncio.start_server(pretend, "127.0.0.1", 0)
    host = WireServer(shout, SECRET)
    async with impostor, relay_to(*await host.open("127.0.0.1")) as relay:
        for port in (impostor.sockets[0].getsockname()[1], relay.port):

            async def find(port: int = port) -> Address:
                return "127.0.0.1", port

            with pytest.raises(WireBrokenError):
                await Wire(find, SECRET).call(b"x")
        host.close()
    assert heard == b""


def test_a_connection_that_closed_this_moment_is_a_broken_one() -> None:
    """`WireBrokenError` on the loop that replicas run on, which refuses a write before the reader hears of the end."""

    async def call_at_once() -> None:
        async with wire_to(shout) as wire:
            for turns in range(4):
                assert await wire.call(b"x") == b"X"
                assert wire._writer is not None
                wire._writer.transport.abort()
                for _ in range(turns):
                    await asyncio.sleep(0)
                # By the last turn the reader knows, and the call makes another connection.
                with suppress(WireBrokenError):
                    assert await wire.call(b"x") == b"X"
                await asyncio.sleep(0.01)

    anyio.run(call_at_once, backend_options={"use_uvloop": True})


async def test_a_lost_connection_fails_what_waits_and_the_next_call_makes_another() -> None:
    """`WireBrokenError` for the call that failed and the one beside it; then an answer."""
    async with wire_to(shout) as wire:
        waiting = asyncio.create_task(wire.call(b"x" * 500))
        await asyncio.sleep(0.01)
        with pytest.raises(WireBrokenError):
            await wire.call(b"fail")
        with pytest.raises(WireBrokenError):
            await waiting
        assert await wire.call(b"y") == b"Y"


async def test_a_host_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """`WireBrokenError` for the call without an answer, and for one that waits beside it; then an answer.

    So it is with a process that is stopped: its connections stay.
    """
    monkeypatch.setattr(wire_module, "_ANSWER_SECONDS", 0.2)
    silent = asyncio.Event()

    async def answer(packed: bytes) -> bytes:
        if packed != b"y":
            await silent.wait()
        return packed.upper()

    async with wire_to(answer) as wire:
        first = asyncio.create_task(wire.call(b"x"))
        await asyncio.sleep(0.1)
        # By its own patience the second would wait much longer than the test.
        monkeypatch.setattr(wire_module, "_ANSWER_SECONDS", 60)
        second = asyncio.create_task(wire.call(b"xx"))
        async with asyncio.timeout(10):
            for call in (first, second):
                with pytest.raises(WireBrokenError):
                    await call
        assert await wire.call(b"y") == b"Y"


async def test_it_can_be_open_before_the_first_call() -> None:
    """The call then asks nobody for an address: it is answered though none would be found any more."""
    server = WireServer(shout, SECRET)
    addresses = [await server.open("127.0.0.1")]

    async def find() -> Address:
        return addresses.pop()

    wire = Wire(find, SECRET)
    await wire.open()
    assert await wire.call(b"x") == b"X"
    wire.close()
    server.close()


async def test_nobody_listens() -> None:
    """`WireBrokenError`."""

    async def find() -> Address:
        return "127.0.0.1", 1

    with pytest.raises(WireBrokenError):
        await Wire(find, SECRET).call(b"x")
