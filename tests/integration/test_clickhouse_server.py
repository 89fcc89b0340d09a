# ruff: noqa: S608 - the statements are made of the test's own names
"""The embedded ClickHouse server: the official clients and the raw protocol."""

import asyncio
import gzip
import io
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import clickhouse_connect
import httpx
import lz4.frame  # type: ignore[import-untyped]
import pyarrow as pa
import pytest
import zstandard
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

from tests.integration.clickhouse_fixtures import DEDUP_TABLE, Server, running, wait_for
from tests.sdk_runs import NODE, install_node_packages

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The async client needs asyncio."""
    return "asyncio"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the tests of this module share."""
    with running(tmp_path_factory.mktemp("clickhouse")) as shared:
        yield shared


@pytest.fixture
def table(server: Server, request: pytest.FixtureRequest) -> str:
    """A fresh table with a deduplication window."""
    name = "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
    server.ask(DEDUP_TABLE.format(name=name))
    return name


def arrow_stream(rows: pa.Table) -> bytes:
    """Encode as an Arrow stream."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue()


def test_client_handshake_and_inserts_with_a_token(server: Server, table: str) -> None:
    """Two rows are stored once although clickhouse-connect sends them twice under one token."""
    with server.client() as client:
        settings = {"insert_deduplication_token": "batch-1", "async_insert": 0}
        for _ in range(2):
            summary = client.insert(table, [[1, "a"], [2, "b"]], column_names=["id", "label"], settings=settings)
            assert summary.written_rows == 2
        assert client.query(f"SELECT count() FROM {table}").result_rows == [(2,)]


def test_client_arrow_and_frames(server: Server, table: str) -> None:
    """Arrow tables go in and come out, also as data frames, and bound parameters select among their rows."""
    rows = pa.table({"id": list(range(10_000)), "label": [f"row {number}" for number in range(10_000)]})
    with server.client() as client:
        client.insert_arrow(table, rows)
        found = client.query(
            f"SELECT label FROM {table} WHERE id IN {{ids:Array(UInt64)}} AND label != {{no:String}} ORDER BY id",
            parameters={"ids": [5, 6, 7], "no": "row 6"},
        )
        assert found.result_rows == [("row 5",), ("row 7",)]
        assert client.query_arrow(f"SELECT * FROM {table}").num_rows == 10_000
        assert list(client.query_df(f"SELECT id FROM {table} ORDER BY id LIMIT 3")["id"]) == [0, 1, 2]


def test_client_sends_forms(server: Server, table: str) -> None:
    """Parameters too long for a URL and a table to join with arrive in a form."""
    server.ask(f"INSERT INTO {table} SELECT number, toString(number) FROM numbers(5000)")
    with server.client() as client:
        labels = [str(number) for number in range(0, 6_000, 2)]
        sql = f"SELECT count() FROM {table} WHERE label IN {{labels:Array(String)}}"
        assert client.query(sql, parameters={"labels": labels}).result_rows == [(2_500,)]
        chosen = ExternalData(file_name="chosen.csv", data=b"3,a\n4,b\n", fmt="CSV", structure="id UInt64, tag String")
        joined = client.query(f"SELECT label, tag FROM {table} JOIN chosen USING id ORDER BY id", external_data=chosen)
        assert joined.result_rows == [("3", "a"), ("4", "b")]


@pytest.mark.parametrize("encoding", ["lz4", "zstd", "gzip"])
def test_client_compression(server: Server, encoding: str) -> None:
    """Inserts and answers survive each of the client's compressions."""
    server.ask(DEDUP_TABLE.format(name=f"compressed_{encoding}"))
    with server.client(compress=encoding) as client:
        client.insert(f"compressed_{encoding}", [[n, "x" * 100] for n in range(5_000)], column_names=["id", "label"])
        answer = client.query(f"SELECT id FROM compressed_{encoding} ORDER BY id")
        assert [row[0] for row in answer.result_rows] == list(range(5_000))


def test_client_streams_and_fails_in_the_middle(server: Server) -> None:
    """3,000,000 rows stream whole; an error after the first megabyte reaches the client with its code."""
    with server.client() as client:
        with client.query_row_block_stream("SELECT number FROM numbers(3000000)") as blocks:
            assert sum(len(block) for block in blocks) == 3_000_000
        failing = client.query_column_block_stream("SELECT throwIf(number = 2900000) FROM numbers(3000000)")
        with pytest.raises(StreamFailureError) as failure, failing as blocks:
            for _ in blocks:
                pass
        assert failure.value.code == 395


def test_client_errors_have_codes(server: Server) -> None:
    """A wrong name, a wrong table and a wrong setting raise errors with ClickHouse's codes."""
    with server.client() as client:
        for sql, code in [("SELECT nope", 47), ("SELECT * FROM nope", 60), ("SELECT 1 SETTINGS max_thrids = 1", 115)]:
            with pytest.raises(DatabaseError) as error:
                client.query(sql)
            assert error.value.code == code


async def test_async_clients_work_at_once(server: Server, table: str) -> None:
    """Eight async clients insert at the same time; every row is there."""

    async def insert(first: int) -> None:
        client = await clickhouse_connect.get_async_client(host="127.0.0.1", port=server.port)
        async with client:
            rows = pa.table({"id": list(range(first, first + 100)), "label": ["x"] * 100})
            for _ in range(3):
                await client.insert_arrow(table, rows, settings={"insert_deduplication_token": str(first)})

    await asyncio.gather(*(insert(first) for first in range(0, 800, 100)))
    assert server.ask(f"SELECT count(), uniq(id) FROM {table}") == "800\t800"


@pytest.mark.parametrize(
    ("head", "data"),
    [
        ("INSERT INTO {t} (label, id) FORMAT CSV", b"a,1\nb,2\n"),
        ("INSERT INTO {t} SETTINGS max_insert_threads = 1 FORMAT JSONEachRow", b'{"id":1}\n{"id":2}'),
        ("insert into {t} values", b" (1, 'a;b'), (2, 'it''s')"),
        ("INSERT INTO TABLE {t} (id) FORMAT RowBinary", (1).to_bytes(8, "little") + (0xFE).to_bytes(8, "little")),
        ("INSERT INTO {t} (id) SELECT x + 1 FROM input('x UInt64') FORMAT TSV", b"0\n1\n"),
        ("INSERT INTO {t} /* FORMAT x */ (`id`) FORMAT ArrowStream", arrow_stream(pa.table({"id": [1, 2]}))),
    ],
)
def test_insert_shapes(server: Server, head: str, data: bytes) -> None:
    """The same rows arrive whether the statement is in the URL or before the data."""
    server.ask("CREATE OR REPLACE TABLE shapes (id UInt64, label String) ENGINE = MergeTree ORDER BY id")
    statement = head.format(t="shapes").encode()
    in_url = server.http.post("/", params={"query": statement.decode()}, content=data)
    in_body = server.post(statement + b"\n" + data)
    for response in (in_url, in_body):
        assert response.status_code == 200, response.text
        assert json.loads(response.headers["x-clickhouse-summary"])["written_rows"] == "2"
    assert server.ask("SELECT count() FROM shapes") == "4"


@pytest.mark.parametrize(
    ("name", "compress"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress), ("lz4", lz4.frame.compress)],
)
def test_bodies_of_several_compressed_frames(server: Server, name: str, compress: Any) -> None:
    """A body of two frames is read to its end, one that breaks off is refused whole."""
    server.ask(f"CREATE TABLE frames_{name} (id UInt64) ENGINE = MergeTree ORDER BY id")
    url = {"query": f"INSERT INTO frames_{name} FORMAT CSV"}
    lines = b"".join(b"%d\n" % number for number in range(100_000))
    body = compress(lines) + compress(b"100000\n")
    sent = server.http.post("/", params=url, content=body, headers={"Content-Encoding": name})
    assert sent.status_code == 200, sent.text
    cut = server.http.post("/", params=url, content=compress(lines)[:-20], headers={"Content-Encoding": name})
    assert cut.status_code == 500
    assert server.ask(f"SELECT count() FROM frames_{name}") == "100001"


def test_large_bodies_go_through_a_file(server: Server, table: str) -> None:
    """A body of 30 MB is stored without growing the server by its size."""
    body = b"".join(b'{"id":%d,"label":"%s"}\n' % (number, b"x" * 100) for number in range(230_000))
    response = server.http.post("/", params={"query": f"INSERT INTO {table} FORMAT JSONEachRow"}, content=body)
    assert response.headers["x-clickhouse-summary"].count('"230000"') >= 2
    assert server.ask(f"SELECT count() FROM {table}") == "230000"


@pytest.mark.parametrize(("encoding", "decode"), [("gzip", None), ("zstd", zstandard), ("lz4", lz4.frame)])
def test_answers_are_compressed_on_request(server: Server, encoding: str, decode: Any) -> None:
    """An answer comes in the encoding that the client takes."""
    with server.http.stream(
        "POST",
        "/",
        params={"enable_http_compression": "1"},
        headers={"Accept-Encoding": encoding},
        content="SELECT number FROM numbers(1000) FORMAT CSV",
    ) as response:
        assert response.headers["content-encoding"] == encoding
        raw = b"".join(response.iter_raw())
    if decode is zstandard:
        content = zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    else:
        content = gzip.decompress(raw) if decode is None else decode.decompress(raw)
    assert content == b"".join(b"%d\n" % number for number in range(1_000))


def test_headers_and_formats(server: Server) -> None:
    """The answer names its format, type, query id and zone; the format comes from statement, URL or header."""
    response = server.post("SELECT 1 AS one FORMAT JSONEachRow SETTINGS max_threads = 1", query_id="mine")
    assert response.text == '{"one":1}\n'
    assert response.headers["x-clickhouse-format"] == "JSONEachRow"
    assert response.headers["x-clickhouse-query-id"] == "mine"
    assert response.headers["x-clickhouse-timezone"] == server.ask("SELECT timezone()")
    assert server.post("SELECT 1", default_format="CSVWithNames").text == '"1"\n1\n'
    assert server.http.post("/", content="SELECT 'a,b'", headers={"X-ClickHouse-Format": "CSV"}).text == '"a,b"\n'
    assert server.http.get("/", params={"query": "SELECT format, 1 FROM (SELECT 2 AS format);"}).text == "2\t1\n"
    arrow = server.post("SELECT number FROM numbers(200000) FORMAT ArrowStream").content
    assert pa.ipc.open_stream(arrow).read_all().num_rows == 200_000
    document = server.post("SELECT number FROM numbers(300000) FORMAT JSON", wait_end_of_query="1").json()
    assert (document["rows"], len(document["data"])) == (300_000, 300_000)


@pytest.mark.parametrize(
    ("sql", "params", "status", "code"),
    [
        ("SELECT * FROM missing", {}, 404, 60),
        ("SELECT 1", {"database": "missing"}, 404, 81),
        ("SELECT 1", {"no_such_setting": "1"}, 404, 115),
        ("SELEC 1", {}, 400, 62),
        ("SELECT 1; SELECT 2", {}, 400, 62),
        ("SELECT {x:UInt8}", {"param_x": "many"}, 500, 457),
        ("SELECT toUInt8('x')", {}, 400, 6),
        ("SELECT 1 FORMAT Nope", {}, 404, 73),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", {}, 501, 48),
        ("INSERT INTO missing FORMAT CSV\n1", {}, 404, 60),
        ("SELECT sleepEachRow(1) FROM numbers(3)", {"max_execution_time": "0.2", "max_block_size": "1"}, 408, 159),
        ("SELECT 1", {"compress": "1"}, 501, 48),
        (b"INSERT INTO missing\xff VALUES (1)", {}, 400, 62),
        ("SELECT 1", {"session_id": "never", "session_check": "1"}, 500, 372),
    ],
)
def test_errors(server: Server, sql: str | bytes, params: dict[str, str], status: int, code: int) -> None:
    """Each error has ClickHouse's status, code header and text."""
    response = server.post(sql, **params)
    assert (response.status_code, response.headers["x-clickhouse-exception-code"]) == (status, str(code))
    assert response.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "/proc/self" not in response.text


def test_get_is_readonly(server: Server, table: str) -> None:
    """GET may read but not write; without a statement both planes say Ok."""
    assert server.http.get("/", params={"query": f"DROP TABLE {table}"}).headers["x-clickhouse-exception-code"] == "164"
    insert = server.http.get("/", params={"query": f"INSERT INTO {table} VALUES (1, 'x')"})
    assert insert.headers["x-clickhouse-exception-code"] == "164"
    assert server.http.get("/").text == "Ok.\n"
    assert server.http.head("/").status_code == 200
    assert server.http.get("/replicas_status").text == "Ok.\n"


def test_sessions_keep_state_and_others_do_not(server: Server) -> None:
    """SET, USE and temporary tables stay in their session; a setting in the URL holds for one request."""
    server.ask("CREATE DATABASE other")
    for sql in ["SET max_block_size = 77", "USE other", "CREATE TEMPORARY TABLE mine (x UInt8)"]:
        server.ask(sql, session_id="s1")
    assert server.ask("SELECT getSetting('max_block_size')", session_id="s1", max_block_size="5") == "5"
    probe = "SELECT getSetting('max_block_size'), currentDatabase(), count() FROM mine"
    assert server.ask(probe, session_id="s1") == "77\tother\t0"
    assert server.ask("SELECT getSetting('max_block_size') != 77, currentDatabase()") == "1\tdefault"
    assert server.post("SELECT count() FROM mine", session_id="s2").status_code == 404


def test_tokens_reach_materialized_views(server: Server, table: str) -> None:
    """A repeated token adds rows neither to the table nor to the target of its view."""
    server.ask(DEDUP_TABLE.format(name=f"{table}_target"))
    server.ask(f"CREATE MATERIALIZED VIEW {table}_view TO {table}_target AS SELECT id % 2 AS id, label FROM {table}")
    for token in ["one", "one", "two"]:
        server.ask(
            f"INSERT INTO {table} VALUES (1, 'a'), (2, 'b')",
            insert_deduplication_token=token,
            deduplicate_blocks_in_dependent_materialized_views="1",
            async_insert="0",
        )
    assert server.ask(f"SELECT count(), (SELECT count() FROM {table}_target) FROM {table}") == "4\t4"


def test_slow_queries_block_nobody(server: Server, table: str) -> None:
    """While twenty SELECTs sleep, an insert and a ping are answered at once."""
    slow = [
        threading.Thread(target=httpx.post, args=(server.url,), kwargs={"content": "SELECT sleep(2)", "timeout": 30})
        for _ in range(20)
    ]
    for thread in slow:
        thread.start()
    wait_for(lambda: server.ask("SELECT count() FROM system.processes WHERE query LIKE '%sleep(2)%'") == "21")
    started = time.monotonic()
    server.ask(f"INSERT INTO {table} VALUES (1, 'x')")
    assert server.http.get("/ping").text == "Ok.\n"
    assert time.monotonic() - started < 1
    for thread in slow:
        thread.join()


def test_queries_end_with_their_client_or_by_kill(server: Server) -> None:
    """A SELECT stops when its client hangs up, and when KILL QUERY names the client's id for it."""
    processes = "SELECT count() FROM system.processes WHERE query LIKE '%{}%' AND query NOT LIKE '%processes%'"
    with server.http.stream("POST", "/", content="SELECT number AS endless FROM system.numbers") as response:
        next(response.iter_raw())
    wait_for(lambda: server.ask(processes.format("endless")) == "0")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(server.url, content="SELECT sum(number) AS silent FROM system.numbers", timeout=0.5)
    wait_for(lambda: server.ask(processes.format("silent")) == "0")
    failures: list[httpx.Response] = []
    sql = "SELECT sum(number) AS killed FROM system.numbers"
    query = threading.Thread(target=lambda: failures.append(server.post(sql, query_id="to-kill")))
    query.start()
    wait_for(lambda: server.ask(processes.format("killed")) == "1")
    server.ask("KILL QUERY WHERE query_id = 'to-kill' SYNC")
    query.join(10)
    assert failures[0].headers["x-clickhouse-exception-code"] == "394"


def test_node_client(server: Server) -> None:
    """The official Node client passes its own suite against the server."""
    install_node_packages()
    environment = os.environ | {"CLICKHOUSE_URL": server.url}
    run = subprocess.run(
        ["node", "--test"], cwd=NODE, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout
