"""Deciding to break clients."""

from pathlib import Path

import pytest

from contract.acceptance import Acceptances

WHAT = "tenant plane: GET /links: is gone"


def accepted(folder: Path, because: str) -> Path:
    path = folder / "accepted.toml"
    path.write_text(f'[[break]]\nwhat = "{WHAT}"\nbecause = "{because}"\n', encoding="utf-8")
    return path


def test_what_was_decided_is_accepted(tmp_path: Path) -> None:
    """The break that was quoted passes, another one does not, and a quote of no break is said to be needless."""
    decisions = Acceptances.read(accepted(tmp_path, "Nobody used it."))
    assert decisions.missing([WHAT, "another"]) == ["another"]
    assert (decisions.needless([WHAT]), decisions.needless([])) == ([], [WHAT])


def test_a_decision_needs_a_reason(tmp_path: Path) -> None:
    """Without one the file is refused."""
    with pytest.raises(ValueError, match="has no reason"):
        Acceptances.read(accepted(tmp_path, " "))


def test_a_release_forgets_them(tmp_path: Path) -> None:
    """After it, nothing is accepted."""
    path = accepted(tmp_path, "Nobody used it.")
    Acceptances.clear(path)
    assert Acceptances.read(path).missing([WHAT]) == [WHAT]
