"""The files of the root secret, through a rotation that breaks off wherever it can."""

from pathlib import Path

from local.secret_key import SecretKeyFiles


def test_a_rotation_keeps_the_secret_before(tmp_path: Path) -> None:
    """A new secret, the old one beside it, and every file for its owner alone; begun again, it is the same rotation."""
    files = SecretKeyFiles(tmp_path)
    first = files.current()
    assert (len(first), files.current(), files.previous()) == (32, first, None)
    files.begin_rotation()
    second = files.current()
    assert (second != first, files.previous()) == (True, first)
    files.begin_rotation()
    assert (files.current(), files.previous()) == (second, first)
    files.end_rotation()
    files.begin_rotation()
    assert (files.current() not in {first, second}, files.previous()) == (True, second)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_broken_off_between_its_files(tmp_path: Path) -> None:
    """Killed after the old secret was kept and before the new one took its place, it goes on with the same new one."""
    files = SecretKeyFiles(tmp_path)
    first = files.current()
    (tmp_path / "secret.key.next").write_text((tmp_path / "secret.key").read_text()[::-1], encoding="ascii")
    (tmp_path / "secret.key.previous").write_text((tmp_path / "secret.key").read_text(), encoding="ascii")
    coming = (tmp_path / "secret.key.next").read_text(encoding="ascii")
    files.begin_rotation()
    assert ((tmp_path / "secret.key").read_text(encoding="ascii"), files.previous()) == (coming, first)
