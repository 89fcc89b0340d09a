"""Where the stack may listen, and by what it may call its databases: said when the settings are read."""

import pytest
from pydantic import ValidationError

from cli.main import run
from local.doctor import diagnose
from schemas.settings import Settings


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.5", "::", "example.com"])  # noqa: S104 - what is refused
def test_what_is_behind_the_edge_is_on_loopback_alone(host: str) -> None:
    """Another host than a loopback address is refused, with the setting that is meant instead."""
    with pytest.raises(ValidationError, match=r"ports\.host"):
        Settings(ports={"host": host})


@pytest.mark.parametrize("tls", [{"certificate": "/etc/ssl/edge.pem"}, {"in_front": True}])
def test_networks_reach_the_edge_with_tls_alone(tls: dict[str, object]) -> None:
    """Without TLS the edge listens on loopback alone."""
    with pytest.raises(ValidationError, match="UNMOGROW_TLS__CERTIFICATE"):
        Settings(edge={"host": "10.0.0.5"})
    assert str(Settings(edge={"host": "10.0.0.5"}, tls=tls).edge.host) == "10.0.0.5"
    assert Settings(edge={"host": "127.0.0.2"}).edge.host is not None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("UNMOGROW_PORTS__HOST", "UNMOGROW_PORTS__HOST must be a loopback address"),
        ("UNMOGROW_EDGE__HOST", "set UNMOGROW_TLS__CERTIFICATE"),
    ],
)
def test_a_wrong_setting_is_told_without_what_stands_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    """The command line names the variable and the remedy, in a line, and no value: there may be secrets among them."""
    monkeypatch.setattr("sys.argv", ["unmogrow", "status"])
    monkeypatch.setenv("UNMOGROW_SECRET_KEY", "the-root-of-all")
    monkeypatch.setenv(name, "10.0.0.5")
    with pytest.raises(SystemExit) as ended:
        run()
    told = " ".join(capsys.readouterr().err.split())
    assert (ended.value.code, said in told) == (2, True), told
    assert "the-root-of-all" not in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("postgres", "clickhouse", "ok"),
    [
        ("postgresql://a@db.example/postgres", "http://ch.example:8123", [False, False]),
        ("postgresql://a@db.example/postgres?sslmode=require", "http://u:p@10.0.0.7:8123", [False, False]),
        ("postgresql://a@db.example/postgres?sslmode=verify-full", "https://ch.example:9443", [True, True]),
        ("postgresql://a@127.0.0.1/postgres", "http://localhost:8123", [True, True]),
    ],
)
def test_databases_that_are_called_in_clear_are_named(postgres: str, clickhouse: str, ok: list[bool]) -> None:
    """`unmogrow doctor` says so of a server that is not on this machine, and tells no password."""
    found = [
        each for each in diagnose(Settings(postgres_url=postgres, clickhouse_url=clickhouse)) if "TLS" in each.name
    ]
    assert [each.ok for each in found] == ok
    assert not any(each.fatal or "u:p" in each.detail for each in found)
