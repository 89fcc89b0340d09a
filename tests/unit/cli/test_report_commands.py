"""How a report's figures share a terminal."""

from cli.report_commands import parts_that_fit


def test_figures_that_do_not_fit_go_on_in_another_table() -> None:
    """Each table takes figures in their order until the terminal is full, and at least one."""
    widths = {"installs": 8, "revenue": 10, "cost": 10, "impressions": 40}
    assert parts_that_fit(widths, 26) == [["installs", "revenue"], ["cost"], ["impressions"]]


def test_figures_that_fit_are_one_table() -> None:
    """A wide terminal has everything side by side."""
    assert parts_that_fit({"installs": 8, "cost": 10}, 80) == [["installs", "cost"]]
