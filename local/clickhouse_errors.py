"""Engine errors as ClickHouse's HTTP interface tells them: a code, a text, a status.

    RuntimeError (the engine's binding)
    └── its text  ──>  ClickHouseError(code, name, text)  ──>  status, X-ClickHouse-Exception-Code, body

Clients parse `Code: N. DB::Exception: ... (NAME) (version V)`, so the text is brought to exactly that form: the
engine repeats its prefix and suffix once for each layer that the exception crossed, and omits the version now and then.
"""

import re
from typing import Final

_PREFIX: Final = re.compile(r"(?:Code: (\d+)\. DB::Exception: )+")
_NAME: Final = re.compile(r"\(([A-Z][A-Z0-9_]{2,})\)")
_SUFFIX: Final = re.compile(r"\.?(?:\s*\([A-Z][A-Z0-9_]{2,}\)|\s*\(version [^()]*(?:\([^()]*\))?\)|\.)+\s*$")

_STATUS_BY_NAME: Final[dict[str, int]] = {
    "REQUIRED_PASSWORD": 401,
    **dict.fromkeys(
        ("UNKNOWN_USER", "WRONG_PASSWORD", "AUTHENTICATION_FAILED", "SET_NON_GRANTED_ROLE", "ACCESS_DENIED"), 403
    ),
    **dict.fromkeys(
        (
            "BAD_ARGUMENTS",
            "CANNOT_COMPILE_REGEXP",
            "CANNOT_PARSE_DATE",
            "CANNOT_PARSE_DATETIME",
            "CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING",
            "CANNOT_PARSE_ESCAPE_SEQUENCE",
            "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
            "CANNOT_PARSE_IPV4",
            "CANNOT_PARSE_IPV6",
            "CANNOT_PARSE_NUMBER",
            "CANNOT_PARSE_QUOTED_STRING",
            "CANNOT_PARSE_TEXT",
            "CANNOT_PARSE_UUID",
            "DUPLICATE_COLUMN",
            "ILLEGAL_COLUMN",
            "INCORRECT_DATA",
            "SYNTAX_ERROR",
            "THERE_IS_NO_COLUMN",
            "TOO_BIG_AST",
            "TOO_DEEP_AST",
            "TYPE_MISMATCH",
            "UNEXPECTED_AST_STRUCTURE",
            "UNKNOWN_ELEMENT_IN_AST",
            "UNKNOWN_TYPE_OF_AST_NODE",
            "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
        ),
        400,
    ),
    **dict.fromkeys(
        (
            "UNKNOWN_AGGREGATE_FUNCTION",
            "UNKNOWN_DATABASE",
            "UNKNOWN_DATABASE_ENGINE",
            "UNKNOWN_DIRECTION_OF_SORTING",
            "UNKNOWN_FORMAT",
            "UNKNOWN_FUNCTION",
            "UNKNOWN_IDENTIFIER",
            "UNKNOWN_ROLE",
            "UNKNOWN_SETTING",
            "UNKNOWN_STORAGE",
            "UNKNOWN_TABLE",
            "UNKNOWN_TYPE",
            "UNKNOWN_TYPE_OF_QUERY",
        ),
        404,
    ),
    "TIMEOUT_EXCEEDED": 408,
    "HTTP_LENGTH_REQUIRED": 411,
    "QUERY_IS_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "NOT_IMPLEMENTED": 501,
    **dict.fromkeys(("SOCKET_TIMEOUT", "CANNOT_OPEN_FILE", "CANNOT_SCHEDULE_TASK"), 503),
}


class ClickHouseError(Exception):
    """An error with ClickHouse's code and name."""

    def __init__(self, code: int, name: str, detail: str) -> None:
        super().__init__(code, name, detail)
        self.code = code
        self.name = name
        self.detail = detail

    @property
    def status(self) -> int:
        """The HTTP status that ClickHouse gives this kind of error."""
        return _STATUS_BY_NAME.get(self.name, 500)

    def text(self, version: str) -> str:
        """The body that clients parse."""
        return f"Code: {self.code}. DB::Exception: {self.detail}. ({self.name}) (version {version} (embedded build))\n"


def parse_engine_error(raw: str) -> ClickHouseError:
    """Turn the text of the binding's exception into an error with code and name."""
    prefix = _PREFIX.search(raw)
    if prefix is None:
        return ClickHouseError(1002, "UNKNOWN_EXCEPTION", raw.strip().rstrip("."))
    message = raw[prefix.end() :].strip()
    suffix = _SUFFIX.search(message)
    names = _NAME.findall(message[suffix.start() :]) if suffix else []
    detail = message[: suffix.start()] if suffix else message
    return ClickHouseError(int(prefix.group(1)), names[-1] if names else "UNKNOWN_EXCEPTION", detail.rstrip(". "))
