"""Where the embedded stack keeps things."""

from pathlib import Path

import pytest

from local import places
from local.places import places_of, secret_file
from schemas.settings import Settings

# HAProxy takes 97 characters, Serve puts its sockets into a folder that is named after the node.
_SERVE_SOCKET_CHARS = len("/") + 56 + len("/s.sock")


@pytest.mark.parametrize("folder", ["/srv/unmogrow", "/home/somebody/work/with/a/deep/tree/unmogrow/.local"])
def test_sockets_have_short_paths(folder: str) -> None:
    """A socket of Ray's or Serve's fits, however deep the data lies."""
    found = places_of(Settings(data_dir=Path(folder)))
    session = "/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store"
    assert len(f"{found.ray}{session}") <= 107
    assert len(str(found.run)) + _SERVE_SOCKET_CHARS <= 97


def test_a_short_folder_holds_everything() -> None:
    """Nothing is elsewhere when there is no need."""
    found = places_of(Settings(data_dir=Path("/srv/unmogrow")))
    assert {path.parents[-3] for path in (found.run, found.ray, found.logs, found.clickhouse)} == {
        Path("/srv/unmogrow")
    }


def test_two_stacks_share_nothing() -> None:
    """Different folders of data make different stacks, even where their companions lie side by side."""
    deep = "/home/somebody/work/with/a/deep/tree"
    one, two = (places_of(Settings(data_dir=Path(f"{deep}/{name}"))) for name in ("one", "two"))
    assert not {one.run, one.ray, one.postgres, one.stack_id} & {two.run, two.ray, two.postgres, two.stack_id}


@pytest.mark.parametrize(("root", "expected"), [(True, "/var/lib/unmogrow"), (False, "/srv/unmogrow")])
def test_postgres_lies_where_its_user_gets(monkeypatch: pytest.MonkeyPatch, *, root: bool, expected: str) -> None:
    """Root's Postgres runs as somebody else, to whom the data folder is closed."""
    monkeypatch.setattr(places, "as_root", lambda: root)
    assert places_of(Settings(data_dir=Path("/srv/unmogrow"))).postgres.is_relative_to(expected)


def test_a_secret_is_kept(tmp_path: Path) -> None:
    """Made once, for its owner alone, and nothing else lies there afterwards."""
    file = tmp_path / "a.key"
    assert [secret_file(file, "first"), secret_file(file, "second")] == ["first", "first"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_half_a_secret_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was killed before it was on disk has left nothing that the next start would take for a secret."""

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("local.places.os.fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            secret_file(tmp_path / "a.key", "first")
    assert secret_file(tmp_path / "a.key", "second") == "second"
