"""Multipart forms: how clients send parameters too long for a URL, and small tables to join with.

A part without a file name is a parameter, as if it stood in the URL: both official clients send the statement and its
`param_*` so once the parameters pass 4 KB. A part with a file name is an external table; `<name>_structure` or
`<name>_types`, and `<name>_format`, describe it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from local.clickhouse_errors import ClickHouseError

_FORM_BYTES_MAX: Final = 64 * 1024**2
"""A form is taken apart in memory."""
_FIELD_BYTES_MAX: Final = 128 * 1024
"""As `http_max_field_value_size` of a real server has it: what is longer comes as a file."""

_BOUNDARY: Final = re.compile(r'^multipart/form-data\s*;.*?boundary="?([^";]+)"?', re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(rb'\b(name|filename)="([^"]*)"', re.IGNORECASE)
_TABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DESCRIPTIONS: Final = ("structure", "types", "format")


@dataclass(frozen=True, slots=True)
class ExternalTable:
    """Rows that a request brings along for its query."""

    name: str
    structure: str
    format: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of a form."""

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def tables(self, parameters: dict[str, str]) -> tuple[ExternalTable, ...]:
        """The external tables; what describes them is taken out of the parameters."""
        tables = []
        for name, data in self.files.items():
            if _TABLE_NAME.fullmatch(name) is None:
                raise ClickHouseError(36, "BAD_ARGUMENTS", f"Invalid name of an external table: {name!r}")
            structure, types, format_ = (parameters.pop(f"{name}_{key}", "") for key in _DESCRIPTIONS)
            if not structure and not types:
                raise ClickHouseError(36, "BAD_ARGUMENTS", f"Neither structure nor types of external table {name}")
            columns = structure or ", ".join(f"_{n} {type_}" for n, type_ in enumerate(_split_types(types), start=1))
            tables.append(ExternalTable(name, columns, format_ or "TabSeparated", data))
        return tuple(tables)


def read_form(content_type: str, pieces: Iterator[bytes]) -> Form:
    """Take a multipart form apart; anything else is no form, and its body is left alone."""
    boundary = _BOUNDARY.match(content_type)
    if boundary is None:
        return Form()
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > _FORM_BYTES_MAX:
            raise ClickHouseError(307, "TOO_MANY_BYTES", f"A form must not be larger than {_FORM_BYTES_MAX} bytes")
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    delimiter = b"\r\n--" + boundary.group(1).encode()
    for part in (b"\r\n" + bytes(content)).split(delimiter)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        attributes = {name.lower(): text.decode(errors="replace") for name, text in _ATTRIBUTE.findall(head)}
        name = attributes.get(b"name", "")
        if b"filename" in attributes:
            files[name] = value
        else:
            if len(value) > _FIELD_BYTES_MAX:
                raise ClickHouseError(1000, "POCO_EXCEPTION", f"HTML Form Exception: Field value too long: {name}")
            fields[name] = value.decode(errors="replace")
    return Form(fields, files)


def _split_types(types: str) -> list[str]:
    """`UInt8, Array(Tuple(A, B))` at its outer commas."""
    parts = [""]
    depth = 0
    for letter in types:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
