"""What a statement needs from the HTTP interface, found by reading its words, not by parsing SQL.

The engine parses SQL; the interface must only know where it has to step in:

- an INSERT with data ends where the data starts (`FORMAT x`, `VALUES`); the rest of the body is bytes, not SQL;
- a SELECT is answered through a pipe, so `INTO OUTFILE '<pipe>'` goes before its `FORMAT`;
- `KILL QUERY` names queries by the id that the client gave them, which the engine does not know;
- `SET` and `USE` outlive the request within a session;
- `INTO OUTFILE` and `FROM INFILE` belong to the command-line client: a remote client must not reach the server's files
  by them; and only one statement is allowed.

Strings, quoted names, heredocs and comments are skipped as the engine's lexer skips them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from local.clickhouse_errors import ClickHouseError

_TOKEN: Final = re.compile(
    rb"""
      (?P<space>\s+ | --[^\n]*(?:\n|\Z) | \#[ !][^\n]*(?:\n|\Z) | /\*.*?(?:\*/|\Z))
    | (?P<quoted>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `(?:[^`\\]|\\.)*` | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<other>[0-9][A-Za-z0-9_.]*|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_DATA_GAP: Final = re.compile(rb"[ \t\f]*(?:\r?\n)?")
_SELECT_WORDS: Final = frozenset({b"SELECT", b"WITH", b"FROM"})
_SESSION_WORDS: Final = frozenset({b"SET", b"USE"})
_LISTING_WORDS: Final = frozenset({b"SHOW", b"DESCRIBE", b"DESC", b"EXISTS", b"EXPLAIN", b"CHECK", b"KILL"})


class Kind(Enum):
    """What the interface does with a statement."""

    EMPTY = auto()
    SELECT = auto()
    LISTING = auto()
    INSERT_DATA = auto()
    INSERT_SELECT = auto()
    SET = auto()
    USE = auto()
    COMMAND = auto()


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, its kind, and the places where the interface steps in."""

    kind: Kind
    sql: bytes
    """Without the data of an INSERT and its FORMAT clause; without a closing semicolon."""
    format: str | None = None
    """The format that the statement itself names."""
    format_at: int | None = None
    """Where the FORMAT clause of a statement with an answer starts in `sql`."""
    data_at: int | None = None
    """Where the data of an INSERT starts in the text that was read."""

    def into_file(self, path: str, default_format: str) -> bytes:
        """The SELECT, writing its answer to a path."""
        outfile = b"\nINTO OUTFILE '%s' TRUNCATE " % path.encode()
        if self.format_at is None:
            return self.sql + outfile + b"FORMAT " + default_format.encode()
        return self.sql[: self.format_at] + outfile + self.sql[self.format_at :]


@dataclass(frozen=True, slots=True)
class _Token:
    word: bytes
    """A bare word in capitals; punctuation as it is; empty for a quoted piece."""
    start: int
    end: int
    depth: int


def _tokens(text: bytes) -> Iterator[_Token]:
    depth = 0
    for match in _TOKEN.finditer(text):
        group = match.lastgroup
        if group == "space":
            continue
        piece = match.group()
        if piece in b"([{":
            yield _Token(piece, match.start(), match.end(), depth)
            depth += 1
            continue
        if piece in b")]}":
            depth -= 1
        is_quoted = piece[:1] in b"'\"`" or (len(piece) > 1 and piece[:1] == b"$")
        yield _Token(b"" if is_quoted else piece.upper(), match.start(), match.end(), depth)


def read_statement(text: bytes) -> Statement:
    """Classify one statement; the text may be only the first part of an INSERT with data.

    Raises:
        ClickHouseError: The text holds a second statement, or names a file of the client's.
    """
    tokens = _tokens(text)
    first = next((token for token in tokens if token.word != b"("), None)
    if first is None:
        return Statement(Kind.EMPTY, b"")
    if first.word == b"INSERT":
        return _read_insert(text, tokens)
    rest = [first, *tokens]
    end = _end_of_statement(text, rest)
    rest = [token for token in rest if token.end <= end]
    _refuse_files(rest)
    sql = text[:end]
    if first.word in _SESSION_WORDS:
        return Statement(Kind.SET if first.word == b"SET" else Kind.USE, sql)
    if first.word == b"KILL":
        sql = _by_client_query_id(sql, rest)
    is_select = first.word in _SELECT_WORDS
    if not is_select and first.word not in _LISTING_WORDS:
        return Statement(Kind.COMMAND, sql)
    clause = _format_clause(rest)
    kind = Kind.SELECT if is_select else Kind.LISTING
    if clause is None:
        return Statement(kind, sql)
    keyword, name = clause
    return Statement(kind, sql, text[name.start : name.end].decode(errors="replace"), keyword.start)


def _read_insert(text: bytes, tokens: Iterator[_Token]) -> Statement:
    previous = b"INSERT"
    for token in tokens:
        word = token.word
        if token.depth == 0 and previous not in {b"INTO", b"TABLE", b"."}:
            if word == b"VALUES":
                return Statement(Kind.INSERT_DATA, text[: token.start], "Values", data_at=token.end)
            if word == b"FORMAT" and (name := next(tokens, None)) is not None:
                gap = _DATA_GAP.match(text, name.end)
                assert gap is not None
                data_at = gap.end()
                return Statement(
                    Kind.INSERT_DATA,
                    text[: token.start],
                    text[name.start : name.end].decode(errors="replace"),
                    data_at=data_at,
                )
            if word == b"INFILE" and previous == b"FROM":
                raise _file_refused("FROM INFILE")
            if word in {b"SELECT", b"WITH"}:
                return _read_insert_select(text, tokens)
        elif word == b"SELECT" and previous == b"(" and token.depth == 1:
            return _read_insert_select(text, tokens)
        previous = word
    return Statement(Kind.COMMAND, text)


def _read_insert_select(text: bytes, tokens: Iterator[_Token]) -> Statement:
    """`INSERT ... SELECT`; if it reads `input(...)`, the words after FORMAT are data."""
    rest: list[_Token] = []
    reads_input = False
    for token in tokens:
        if rest and rest[-1].word == b"INPUT" and token.word == b"(":
            reads_input = True
        if reads_input and rest and rest[-1].word == b"FORMAT" and token.depth == 0:
            gap = _DATA_GAP.match(text, token.end)
            assert gap is not None
            name = text[token.start : token.end].decode(errors="replace")
            return Statement(Kind.INSERT_SELECT, text[: rest[-1].start], name, data_at=gap.end())
        rest.append(token)
    end = _end_of_statement(text, rest)
    _refuse_files(rest)
    return Statement(Kind.INSERT_SELECT, text[:end])


def read_input_from(sql: bytes, path: str, format_: str) -> bytes:
    """An `INSERT ... SELECT ... FROM input('...')` that reads the data from a path instead.

    The embedded engine inserts nothing, without an error, when `input` is used with data in the statement.
    """
    previous: _Token | None = None
    for token in _tokens(sql):
        if previous is not None and previous.word == b"INPUT" and token.word == b"(":
            opening = f"file('{path}', '{format_}', ".encode()
            return sql[: previous.start] + opening + sql[token.end :]
        previous = token
    return sql


def _end_of_statement(text: bytes, tokens: list[_Token]) -> int:
    """Where the statement ends, before a closing semicolon."""
    for index, token in enumerate(tokens):
        if token.word == b";" and token.depth == 0:
            if any(later.word != b";" for later in tokens[index + 1 :]):
                raise ClickHouseError(62, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")
            return token.start
    return len(text)


def _refuse_files(tokens: list[_Token]) -> None:
    previous = b""
    for token in tokens:
        if token.word == b"OUTFILE" and previous == b"INTO":
            raise _file_refused("INTO OUTFILE")
        if token.word == b"INFILE" and previous == b"FROM":
            raise _file_refused("FROM INFILE")
        previous = token.word


def _file_refused(clause: str) -> ClickHouseError:
    return ClickHouseError(48, "NOT_IMPLEMENTED", f"{clause} is not allowed over HTTP: it names a file of the client")


def _format_clause(tokens: list[_Token]) -> tuple[_Token, _Token] | None:
    """The FORMAT keyword and the format's name: last in the statement, but for its settings."""
    for index in range(len(tokens) - 2, -1, -1):
        token, name = tokens[index], tokens[index + 1]
        if token.word == b"FORMAT" and token.depth == 0 and (name.word[:1].isalpha()):
            is_last = index + 2 == len(tokens) or tokens[index + 2].word == b"SETTINGS"
            return (token, name) if is_last else None
    return None


def _by_client_query_id(sql: bytes, tokens: list[_Token]) -> bytes:
    """KILL QUERY by the id that the client gave, which the engine knows as the query's log comment."""
    for token in reversed(tokens):
        if token.word == b"QUERY_ID":
            sql = sql[: token.start] + b"Settings['log_comment']" + sql[token.end :]
    return sql
