"""The query endpoint: from a request to the engine and back.

    URL, headers ─> body complete ─> statement ─┬─ SELECT ............ pipe ─> held back ─> stream
                                                ├─ INSERT with data .. pieces ─> engine ─> figures
                                                └─ anything else ..... one call ─> whole answer

Reads and writes have worker threads of their own, so that slow SELECTs cannot keep an INSERT waiting. A client that
hangs up stops its reading query; a writing one runs to its end, because half of a write helps nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from itertools import chain
from tempfile import TemporaryFile
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from local.clickhouse_answer import HELD_BYTES, Answer, Pipe
from local.clickhouse_engine import Engine, Figures
from local.clickhouse_errors import ClickHouseError
from local.clickhouse_form import read_form
from local.clickhouse_request import Body, ClientGoneError, Request, read_request, receive_body
from local.clickhouse_sessions import Sessions
from local.clickhouse_statement import Kind, Statement, read_statement
from telemetry.failpoints import reached

_READ_THREADS: Final = 24
_WRITE_THREADS: Final = 16
_KILL_AGAIN_SECONDS: Final = 0.2
_READ_KINDS: Final = frozenset({Kind.SELECT, Kind.LISTING})


class QueryInterface:
    """The ASGI application behind `/`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions = Sessions(engine)
        self._readers = ThreadPoolExecutor(_READ_THREADS, thread_name_prefix="read")
        self._writers = ThreadPoolExecutor(_WRITE_THREADS, thread_name_prefix="write")
        self._killers = ThreadPoolExecutor(1, thread_name_prefix="kill")
        self._running: dict[str, Kind] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {
            "X-ClickHouse-Server-Display-Name": "embedded",
            "X-ClickHouse-Timezone": self._engine.timezone,
        }
        body = None
        try:
            names = Headers(scope=scope)
            body = Body(self._engine.spool_dir, names.get("content-encoding", ""))
            await receive_body(receive, body)
            content_type = names.get("content-type", "")
            form = read_form(content_type, body.pieces())
            request = read_request(scope["method"], scope["query_string"], names, form)
            headers["X-ClickHouse-Query-Id"] = request.query_id
            pieces = iter(()) if form.fields or form.files else body.pieces()
            await self._answer(request, pieces, Answer(send, headers, request.accept_encodings), receive)
        except ClickHouseError as error:
            await Answer(send, headers, ()).error(error, self._engine.version)
        except ClientGoneError:
            return
        finally:
            if body is not None:
                body.close()

    async def _answer(self, request: Request, body: Iterator[bytes], answer: Answer, receive: Receive) -> None:
        statement, data = _split(request, body)
        if statement.kind is Kind.EMPTY:
            if request.context.is_readonly:
                await answer.whole(b"Ok.\n", Figures(), content_type="text/html; charset=UTF-8", format_=None)
                return
            raise ClickHouseError(62, "SYNTAX_ERROR", "Syntax error: failed at position 1 (end of query): Empty query")
        async with self._registered(request, statement, receive):
            if statement.kind is Kind.SELECT:
                await self._select(request, statement, answer)
                return
            if statement.kind is Kind.INSERT_DATA or data is not None:
                figures = await self._in(self._writers, self._insert, request, statement, data or iter(()))
                await answer.whole(b"", figures, content_type="text/plain; charset=UTF-8", format_=None)
                return
            pool = self._readers if statement.kind in _READ_KINDS else self._writers
            content, figures = await self._in(pool, self._run, request, statement)
        format_ = self._format(request, statement) if statement.kind is Kind.LISTING or content else None
        await answer.whole(content, figures, content_type=self._content_type(format_), format_=format_)

    @asynccontextmanager
    async def _registered(self, request: Request, statement: Statement, receive: Receive) -> AsyncIterator[None]:
        """Know the query while it runs, and stop it if it reads and its client hangs up."""
        query_id = request.query_id
        if query_id in self._running:
            raise ClickHouseError(
                216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING", f"Query with id = {query_id} is already running"
            )
        self._running[query_id] = statement.kind
        watch = None
        if statement.kind in _READ_KINDS:
            watch = asyncio.create_task(self._kill_when_gone(query_id, receive))
        try:
            yield
        finally:
            del self._running[query_id]
            if watch is not None:
                watch.cancel()
                with suppress(asyncio.CancelledError):
                    await watch

    async def _kill_when_gone(self, query_id: str, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await self._kill_until_ended(query_id)

    async def _kill_until_ended(self, query_id: str) -> None:
        """Repeatedly, because a kill that comes before the engine knows the query hits nothing."""
        while query_id in self._running:
            await self._in(self._killers, self._engine.kill, query_id)
            await asyncio.sleep(_KILL_AGAIN_SECONDS)

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)

    async def _select(self, request: Request, statement: Statement, answer: Answer) -> None:
        """Hold the answer back while an error can still become a status; then stream it."""
        pipe = Pipe()
        running = asyncio.ensure_future(self._in(self._readers, self._select_into, request, statement, pipe))
        format_ = self._format(request, statement)
        content_type = self._content_type(format_)
        held: list[bytes] = []
        held_bytes = 0
        is_streaming = False
        try:
            async with aclosing(pipe.chunks()) as chunks:
                async for chunk in chunks:
                    if is_streaming:
                        await answer.stream(chunk)
                        continue
                    held.append(chunk)
                    held_bytes += len(chunk)
                    if held_bytes >= HELD_BYTES and not request.waits_for_end:
                        await answer.start_stream(content_type=content_type, format_=format_)
                        await answer.stream(b"".join(held))
                        is_streaming = True
                        held.clear()
            figures = await asyncio.shield(running)
        except ClickHouseError as error:
            if not is_streaming:
                raise
            await answer.break_stream(error, self._engine.version)
            return
        finally:
            pipe.close_reader()
            await self._settle(request, running)
        if is_streaming:
            await answer.end_stream()
        else:
            await answer.whole(b"".join(held), figures, content_type=content_type, format_=format_)

    async def _settle(self, request: Request, running: asyncio.Future[Figures]) -> None:
        """See a query to its end that nobody waits for any more."""
        if running.done():
            return
        killing = asyncio.create_task(self._kill_until_ended(request.query_id))
        with suppress(ClickHouseError):
            await asyncio.shield(running)
        killing.cancel()

    @contextmanager
    def _lend(self, request: Request, statement: Statement) -> Iterator[Any]:
        """A connection with the request's settings and external tables."""
        with self._sessions.lend(request.session, request.context, statement) as connection:
            for table in request.tables:
                self._engine.add_table(connection, table)
            try:
                yield connection
            finally:
                for table in request.tables:
                    self._engine.drop_table(connection, table)

    def _select_into(self, request: Request, statement: Statement, pipe: Pipe) -> Figures:
        try:
            with self._lend(request, statement) as connection:
                return self._engine.select_into(connection, statement, request.context.default_format, pipe.writer)
        finally:
            pipe.close_writer()

    def _insert(self, request: Request, statement: Statement, data: Iterator[bytes]) -> Figures:
        with self._lend(request, statement) as connection:
            reached("clickhouse_before_insert")
            if statement.kind is Kind.INSERT_DATA:
                figures = self._engine.insert(connection, statement, data)
            else:
                with TemporaryFile(dir=self._engine.spool_dir) as file:
                    file.writelines(data)
                    file.flush()
                    path = f"/proc/self/fd/{file.fileno()}"
                    figures = self._engine.insert_through_select(connection, statement, path)
            reached("clickhouse_after_insert")
            return figures

    def _run(self, request: Request, statement: Statement) -> tuple[bytes, Figures]:
        with self._lend(request, statement) as connection:
            return self._engine.run(connection, statement.sql, request.context.default_format)

    def _format(self, request: Request, statement: Statement) -> str:
        return statement.format or request.context.default_format

    def _content_type(self, format_: str | None) -> str:
        return self._engine.content_types.get(format_ or "", "text/plain; charset=UTF-8")

    async def stop_reading(self) -> None:
        """Ask the engine to end every query that only reads."""
        for query_id, kind in list(self._running.items()):
            if kind in _READ_KINDS:
                await self._in(self._killers, self._engine.kill, query_id)

    async def finish_writing(self) -> None:
        """Wait for the writes that still run; their clients may be gone, their data is complete."""
        await asyncio.to_thread(self._writers.shutdown)


def _split(request: Request, pieces: Iterator[bytes]) -> tuple[Statement, Iterator[bytes] | None]:
    """The statement, and the data that follows it; the text is the URL's query, a line break, and the body."""
    url = request.query + b"\n" if request.query.strip() else b""
    if url:
        statement = read_statement(url)
        if statement.data_at is not None:
            return statement, chain((url[statement.data_at :],), pieces)
    head = next(pieces, b"")
    text = url + head
    statement = read_statement(text)
    if statement.data_at is not None:
        return statement, chain((text[statement.data_at :],), pieces)
    if next(pieces, None) is not None:
        raise ClickHouseError(62, "SYNTAX_ERROR", "Syntax error: the query is larger than 4 MiB")
    return statement, None
