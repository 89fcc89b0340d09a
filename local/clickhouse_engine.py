"""The one owner of ClickHouse's engine in this process: connections, settings, queries, inserts.

A connection of the binding costs 0.07 ms and has its own settings, current database and temporary tables. So each
request without a session gets a fresh one, and nothing that it sets can reach another. The binding releases the
interpreter's lock while the engine works; every function here blocks, and is called from a worker thread.

Answers of SELECTs leave by a pipe: `INTO OUTFILE '/proc/self/fd/N'`. The binding's own streaming formats each block by
itself, which breaks every format with a header or a footer (Arrow, Parquet, JSON, CSVWithNames); through the pipe the
engine writes one stream, in constant memory, and waits while the client is slow.
"""

import fcntl
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from local.clickhouse_errors import ClickHouseError, parse_engine_error
from local.clickhouse_form import ExternalTable
from local.clickhouse_statement import Kind, Statement, read_input_from

_CONFIG: Final = """<clickhouse>
    <display_name>embedded</display_name>
    <max_server_memory_usage>1099511627776</max_server_memory_usage>
    <background_pool_size>2</background_pool_size>
    <background_schedule_pool_size>2</background_schedule_pool_size>
    <background_common_pool_size>2</background_common_pool_size>
    <background_move_pool_size>1</background_move_pool_size>
    <background_fetches_pool_size>1</background_fetches_pool_size>
    <background_processing_pool_thread_sleep_seconds_if_nothing_to_do>1</background_processing_pool_thread_sleep_seconds_if_nothing_to_do>
    <background_processing_pool_task_sleep_seconds_when_no_work_multiplier>1.5</background_processing_pool_task_sleep_seconds_when_no_work_multiplier>
    <background_streaming_processing_pool_thread_sleep_seconds_if_nothing_to_do>600</background_streaming_processing_pool_thread_sleep_seconds_if_nothing_to_do>
    <mark_cache_size>{cache_bytes}</mark_cache_size>
    <index_mark_cache_size>{cache_bytes}</index_mark_cache_size>
    <primary_index_cache_size>{cache_bytes}</primary_index_cache_size>
    <user_files_path>{files}/</user_files_path>
    <merge_tree>
        <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
        <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
        <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
    </merge_tree>
</clickhouse>
"""
"""Two background threads are enough for one machine's merges; the thresholds follow, because the engine insists that
they are below the pool's size.

Each table looks whether there is something to merge: after an insert, after a merge, and while it rests. By default it
does so after a tenth of a second, then after 1.1 times as long each time; and so for streaming queries, of which there
are none. The tables of a thousand tenants took a third of a core for it.

Queries are bounded, and caches, but not the engine's count of all its memory: it counts what nobody touches, 1 MiB for
each table with a window of tokens, and would refuse all queries where tables are many. Its bound is one that no machine
meets, because without any the engine takes each moment for one in which memory is short: it gives back at once what it
frees, and half of the CPU that an insert takes goes into page faults.
"""

_CACHE_SHARE: Final = 16
_QUERY_MEMORY_PERCENT: Final = 80
_SETTING_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the engine counted while it ran a statement."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    elapsed_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Context:
    """What a request asks for besides its statement."""

    query_id: str
    database: str | None
    settings: Mapping[str, str]
    params: Mapping[str, str]
    default_format: str
    is_readonly: bool


class FolderOwnedError(Exception):
    """Another process owns the data folder."""


def quote_string(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quote_name(text: str) -> str:
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _assignment(name: str, value: str) -> str:
    if _SETTING_NAME.fullmatch(name) is None:
        raise ClickHouseError(115, "UNKNOWN_SETTING", f"Unknown setting '{name}'")
    return f"{name} = {quote_string(value)}"


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn the binding's exceptions into errors with a code."""
    try:
        yield
    except RuntimeError as error:
        raise parse_engine_error(str(error)) from error
    except UnicodeDecodeError as error:
        # The text of the engine's error quotes bytes of the statement that are not UTF-8.
        raise parse_engine_error(error.object.decode(errors="replace")) from error


class Engine:
    """The engine over one folder, for the life of the process."""

    def __init__(self, data_dir: Path, memory_bytes: int, threads: int) -> None:
        self._folder = data_dir.resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock_fd = self._own_folder()
        self.spool_dir = self._clean_folder("spool")
        files = self._folder / "user_files"
        files.mkdir(exist_ok=True)
        config = self._folder / "engine.xml"
        config.write_text(_CONFIG.format(cache_bytes=memory_bytes // _CACHE_SHARE, files=files))
        # The engine would read a `config.xml` in the working directory, and resolves relative paths against it.
        os.chdir(files)
        self._target = f"{self._folder / 'engine'}?config-file={quote(str(config), safe='/')}"
        self._query_memory_bytes = memory_bytes * _QUERY_MEMORY_PERCENT // 100
        self._base_settings = {
            "implicit_select": "0",
            "max_threads": str(threads),
            "max_memory_usage": str(self._query_memory_bytes),
            # All queries are one user's: this bounds them together.
            "max_memory_usage_for_user": str(self._query_memory_bytes),
        }
        from chdb import _chdb  # noqa: PLC0415 - importing starts an engine, which must not precede the lock

        self._binding: Any = _chdb
        self._anchor = self.connect()
        answer = self._anchor.query("SELECT version(), timezone()", "TabSeparated").bytes().decode()
        self.version, self.timezone = answer.rstrip("\n").split("\t")
        listing = self._anchor.query("SELECT name, content_type FROM system.formats", "TabSeparated").bytes().decode()
        self.content_types: dict[str, str] = dict(line.split("\t") for line in listing.splitlines())

    def _own_folder(self) -> int:
        lock_fd = os.open(self._folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock_fd, 20).decode() or "unknown"
            os.close(lock_fd)
            raise FolderOwnedError(f"{self._folder} is owned by another process (pid {owner}); stop it first") from None
        os.ftruncate(lock_fd, 0)
        os.write(lock_fd, str(os.getpid()).encode())
        return lock_fd

    def _clean_folder(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        for leftover in folder.iterdir():
            leftover.unlink()
        return folder

    def connect(self) -> Any:
        """A new connection; its first `prepare` gives it the base settings."""
        with engine_errors():
            return self._binding.connect(self._target)

    def prepare(self, connection: Any, context: Context, *, is_fresh: bool) -> None:
        """Apply a request's database and settings; the query's id becomes its log comment, to kill it by."""
        base = self._base_settings if is_fresh else {}
        settings = {**base, **context.settings, "log_comment": context.query_id}
        if context.is_readonly:
            settings.setdefault("readonly", "2")
        assignments = [_assignment(*item) for item in settings.items()]
        assignments += [_assignment(f"param_{name}", value) for name, value in context.params.items()]
        with engine_errors():
            if context.database is not None:
                connection.query("USE " + _quote_name(context.database))
            connection.query("SET " + ", ".join(assignments))

    def restore(self, connection: Any, names: Iterable[str], statements: Iterable[bytes]) -> None:
        """Undo a request's settings on a session's connection, then repeat what the session itself had set."""
        assignments = [f"{name} = DEFAULT" for name in names if name not in self._base_settings]
        assignments += [_assignment(*item) for item in self._base_settings.items()]
        with engine_errors():
            connection.query("SET " + ", ".join(assignments))
            for statement in statements:
                connection.query(statement)

    def run(self, connection: Any, sql: bytes, default_format: str) -> tuple[bytes, Figures]:
        """Run a statement whose answer is small."""
        with engine_errors():
            result = connection.query(sql, default_format)
            return result.bytes(), _figures(result)

    def select_into(self, connection: Any, statement: Statement, default_format: str, fd: int) -> Figures:
        """Run a SELECT, writing its answer to a file descriptor."""
        path = f"/proc/self/fd/{fd}"
        try:
            with engine_errors():
                return _figures(connection.query(statement.into_file(path, default_format)))
        except ClickHouseError as error:
            inserted = f"INTO OUTFILE '{path}' TRUNCATE "
            detail = error.detail.replace("\n" + inserted, "").replace(inserted, "")
            raise ClickHouseError(error.code, error.name, detail) from error

    def insert(self, connection: Any, statement: Statement, pieces: Iterator[bytes]) -> Figures:
        """Insert data in the statement's format; a failure before the end inserts nothing of the last block."""
        assert statement.kind is Kind.INSERT_DATA
        with engine_errors():
            stream = connection.send_insert(statement.sql, statement.format)
            try:
                for piece in pieces:
                    connection.insert_append(stream, piece)
                result = connection.insert_done(stream)
            except BaseException:
                with suppress(RuntimeError):
                    connection.insert_cancel(stream)
                raise
            rows, size = result.rows_written(), result.bytes_written()
            return Figures(rows, size, rows, size, 0, result.elapsed())

    def add_table(self, connection: Any, table: ExternalTable) -> None:
        """Create and fill a temporary table."""
        with engine_errors():
            connection.query(f"CREATE TEMPORARY TABLE {table.name} ({table.structure})")
        filling = Statement(Kind.INSERT_DATA, f"INSERT INTO {table.name}".encode(), table.format)
        self.insert(connection, filling, iter((table.data,)))

    def drop_table(self, connection: Any, table: ExternalTable) -> None:
        """Drop it, so that a session does not keep it."""
        with engine_errors():
            connection.query(f"DROP TEMPORARY TABLE {table.name}")

    def insert_through_select(self, connection: Any, statement: Statement, data_path: str) -> Figures:
        """Run `INSERT ... SELECT ... FROM input(...)` over data in a file."""
        assert statement.format is not None
        sql = read_input_from(statement.sql, data_path, statement.format)
        return self.run(connection, sql, "Null")[1]

    def kill(self, query_id: str) -> None:
        """Ask the engine to stop a running query; without an error if it has ended."""
        connection = self.connect()
        try:
            with engine_errors():
                connection.query(f"KILL QUERY WHERE Settings['log_comment'] = {quote_string(query_id)} ASYNC")
        finally:
            connection.close()

    def close(self) -> None:
        """Stop the engine: the last connection ends it and flushes what it holds."""
        self._anchor.close()


def _figures(result: Any) -> Figures:
    return Figures(
        result.storage_rows_read(),
        result.storage_bytes_read(),
        result.rows_written(),
        result.bytes_written(),
        result.rows_read(),
        result.elapsed(),
    )
