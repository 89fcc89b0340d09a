"""`unmogrow models` over a file, in one process and with nothing running."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app

PATHS = "path,total_conversions,total_null\nC1 > C2 > C3,1,0\nC1,0,1\nC2 > C3,0,1\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "paths.csv"
    path.write_text(PATHS, encoding="utf-8")
    return path


def test_prints_credits_as_json(file: Path) -> None:
    """With --json the credits alone, by channel; a comma-separated file without values will do."""
    shown = CliRunner().invoke(app, ["models", str(file), "--model", "markov", "--json"])
    assert shown.exit_code == 0, shown.output
    assert orjson.loads(shown.stdout) == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})


def test_prints_a_table(file: Path) -> None:
    """Without --json a table with intervals, who cannot be told apart, and what the model takes for granted."""
    shown = CliRunner().invoke(app, ["models", str(file), "--model", "shapley"])
    assert shown.exit_code == 0, shown.output
    for said in ("C1", "33.3%", "0 to 1", "is not told apart from", "simplified", "not a causal effect"):
        assert said.lower() in " ".join(shown.output.lower().split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--value"], "total_conversion_value"),
        (["--model", "data_driven"], "name a tenant"),
        (["--model", "custom", "--weights", "1,2"], "three numbers"),
        (["--model", "custom", "--weights", "0,0,0"], "must not be"),
        (["--order", "9"], "less than or equal to 4"),
    ],
)
def test_says_what_is_wrong(file: Path, arguments: list[str], said: str) -> None:
    """A sentence and a failure for options that make no sense, and for values that the file has not."""
    shown = CliRunner().invoke(app, ["models", str(file), *arguments])
    assert shown.exit_code != 0
    assert said in shown.output


def test_says_what_is_no_file_of_paths(tmp_path: Path) -> None:
    """The line, and what is wrong with it."""
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    shown = CliRunner().invoke(app, ["models", str(file)])
    assert shown.exit_code == 1
    assert "the header lacks" in shown.output
