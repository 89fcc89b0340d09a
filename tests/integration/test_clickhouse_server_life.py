# ruff: noqa: S608 - the statements are made of the test's own names
"""The embedded ClickHouse server under stress: bounded memory, kills, clean stops, one owner of its folder."""

import signal
import threading
from pathlib import Path

import httpx
import psutil
import pytest

from tests.integration.clickhouse_fixtures import DEDUP_TABLE, START_SECONDS, STOP_SECONDS, Server, running, wait_for


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A query that wants more than its share fails with code 241; a long answer does not grow the server."""
    with running(tmp_path, memory_bytes=400 * 1024**2) as small:
        response = small.post("SELECT length(groupArray(number)) FROM numbers(500000000)")
        assert response.headers["x-clickhouse-exception-code"] == "241"
        process = psutil.Process(small.process.pid)
        before = process.memory_info().rss
        with small.http.stream("POST", "/", content="SELECT number, number FROM numbers(20000000)") as answer:
            assert sum(len(chunk) for chunk in answer.iter_raw()) > 300_000_000
        assert process.memory_info().rss - before < 150 * 1024**2


def test_acknowledged_rows_survive_a_kill(tmp_path: Path) -> None:
    """Every row whose insert was answered is there after SIGKILL and a restart."""
    with running(tmp_path) as first:
        first.ask(DEDUP_TABLE.format(name="kept"))
        for number in range(50):
            first.ask(f"INSERT INTO kept VALUES ({number}, 'x')", insert_deduplication_token=str(number))
        first.stop(signal.SIGKILL)
    with running(tmp_path) as second:
        second.ask("INSERT INTO kept VALUES (49, 'x')", insert_deduplication_token="49")
        assert second.ask("SELECT count(), uniq(id) FROM kept") == "50\t50"


@pytest.mark.parametrize(("point", "stored"), [("clickhouse_before_insert", "0"), ("clickhouse_after_insert", "1")])
def test_failpoints(tmp_path: Path, point: str, stored: str) -> None:
    """Killed before the insert nothing is stored, after it the row is; a repeat under its token makes it one."""
    failpoints = tmp_path / "failpoints"
    failpoints.mkdir()
    insert = {"sql": "INSERT INTO kept VALUES (1, 'x')", "insert_deduplication_token": "one"}
    with running(tmp_path / "data", failpoints=failpoints) as first:
        first.ask(DEDUP_TABLE.format(name="kept"))
        (failpoints / point).touch()
        with pytest.raises(httpx.RemoteProtocolError):
            first.post(**insert)
        assert first.process.wait(STOP_SECONDS) == -signal.SIGKILL
    with running(tmp_path / "data", failpoints=failpoints) as second:
        assert second.ask("SELECT count() FROM kept") == stored
        second.ask(**insert)
        assert second.ask("SELECT count() FROM kept") == "1"


def test_stop_is_clean(tmp_path: Path) -> None:
    """SIGTERM ends it with code 0 within 3 s although a SELECT sleeps, whose client is told."""
    sql = "SELECT sleepEachRow(0.5) FROM numbers(60) SETTINGS function_sleep_max_microseconds_per_block = 90000000"
    answers: list[httpx.Response] = []
    with running(tmp_path) as first:
        first.ask(DEDUP_TABLE.format(name="kept"))
        slow = threading.Thread(target=lambda: answers.append(httpx.post(first.url, content=sql, timeout=30)))
        slow.start()
        wait_for(lambda: first.ask("SELECT count() FROM system.processes WHERE query LIKE '%sleepEach%'") == "2")
        first.ask("INSERT INTO kept VALUES (1, 'x')")
        assert first.stop() == 0
        slow.join()
        assert answers[0].headers["x-clickhouse-exception-code"] == "394"
    with running(tmp_path) as second:
        assert second.ask("SELECT count() FROM kept") == "1"


def test_the_folder_has_one_owner(tmp_path: Path) -> None:
    """A second server over a folder in use ends with code 1 and says who owns it."""
    with running(tmp_path) as first:
        second = Server(tmp_path)
        assert second.process.wait(START_SECONDS) == 1
        assert second.process.stderr is not None
        assert f"owned by another process (pid {first.process.pid})" in second.process.stderr.read()
        second.stop()
