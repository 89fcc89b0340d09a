"""Small tables that a query brings along, as files of a form: servers take them however long they are.

A bound value stands in the URL or in a field of a form, and a server refuses a field of more than 128 KiB: the rates of
thirty currencies over a year are more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from clickhouse_connect.driver.external import ExternalData

_FORMAT = "JSONCompactEachRow"


@dataclass(frozen=True, slots=True)
class BroughtTable:
    """Rows under a name that the query's text reads from."""

    name: str
    structure: str
    rows: bytes

    @classmethod
    def of(cls, name: str, structure: str, rows: Iterable[Sequence[Any]]) -> "BroughtTable":
        """Write rows down; `structure` has the names of their columns, each with its ClickHouse type."""
        return cls(name, structure, b"\n".join(orjson.dumps(row, default=_plain) for row in rows))


def _plain(value: Any) -> str:
    assert isinstance(value, Decimal)
    return format(value, "f")


def external_data(tables: Iterable[BroughtTable]) -> ExternalData | None:
    """Give tables as the client sends them; None if there are none."""
    data = ExternalData()
    for table in tables:
        data.add_file(file_name=table.name, data=table.rows, fmt=_FORMAT, structure=table.structure)
    return data if data.files else None
