"""Sessions of the HTTP interface: a connection that outlives its request.

Without `session_id` a request has a connection of its own, which is closed after it. With it, temporary tables, `SET`
and `USE` stay for `session_timeout` seconds after the last use. Settings in a request's URL hold for that request only:
they are reset afterwards, and the session's own `SET` statements are repeated over them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from local.clickhouse_engine import Context, Engine
from local.clickhouse_errors import ClickHouseError
from local.clickhouse_statement import Kind, Statement

_SESSIONS_MAX: Final = 1_000


@dataclass(slots=True)
class Session:
    """A connection, and what the session itself set on it."""

    connection: Any
    lock: threading.Lock = field(default_factory=threading.Lock)
    statements: list[bytes] = field(default_factory=list)
    database: str = "default"
    is_fresh: bool = True
    expires_at: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionChoice:
    """Which session a request asks for."""

    id: str | None
    timeout_seconds: int
    must_exist: bool


class Sessions:
    """Lends connections; the sessions' own, or fresh ones."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._by_id: dict[str, Session] = {}

    @contextmanager
    def lend(self, choice: SessionChoice, context: Context, statement: Statement) -> Iterator[Any]:
        """A connection on which the request's database and settings hold."""
        if choice.id is None:
            connection = self._engine.connect()
            try:
                self._engine.prepare(connection, context, is_fresh=True)
                yield connection
            finally:
                connection.close()
            return
        session = self._acquire(choice.id, must_exist=choice.must_exist)
        try:
            yield from self._lend_of(session, context, statement)
        finally:
            session.expires_at = monotonic() + choice.timeout_seconds
            session.lock.release()

    def _lend_of(self, session: Session, context: Context, statement: Statement) -> Iterator[Any]:
        connection = session.connection
        try:
            if context.database is None:
                self._engine.run(connection, b"USE `" + session.database.encode() + b"`", "Null")
            self._engine.prepare(connection, context, is_fresh=session.is_fresh)
            session.is_fresh = False
            yield connection
            if statement.kind is Kind.SET:
                session.statements.append(statement.sql)
            elif statement.kind is Kind.USE:
                answer, _ = self._engine.run(connection, b"SELECT currentDatabase()", "TabSeparatedRaw")
                session.database = answer.decode().rstrip("\n")
        finally:
            names = [*context.settings, "log_comment", *(["readonly"] if context.is_readonly else [])]
            self._engine.restore(connection, names, session.statements)

    def _acquire(self, session_id: str, *, must_exist: bool) -> Session:
        with self._lock:
            self._expire()
            session = self._by_id.get(session_id)
            if session is None:
                if must_exist:
                    raise ClickHouseError(372, "SESSION_NOT_FOUND", f"Session {session_id} not found")
                if len(self._by_id) >= _SESSIONS_MAX:
                    raise ClickHouseError(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many open sessions")
                session = self._by_id[session_id] = Session(self._engine.connect())
            if not session.lock.acquire(blocking=False):
                raise ClickHouseError(
                    373, "SESSION_IS_LOCKED", f"Session {session_id} is locked by a concurrent client"
                )
            return session

    def _expire(self) -> None:
        now = monotonic()
        for session_id, session in list(self._by_id.items()):
            if session.expires_at < now and session.lock.acquire(blocking=False):
                session.connection.close()
                del self._by_id[session_id]
