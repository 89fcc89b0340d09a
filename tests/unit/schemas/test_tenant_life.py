"""The table of a tenant's life."""

from itertools import product
from pathlib import Path

import pytest

from schemas.tenant_life import ENDINGS, STEPS, TRANSITIONS, LifeEvent, TenantState, after, mermaid
from schemas.tenant_problems import TenantStateConflict

ROOT = Path(__file__).parents[3]


def test_every_state_leads_to_the_end() -> None:
    """From any state there is a way to gone, and none leads back from exporting, erasing or gone."""
    ways = {state: {target for (source, _), target in TRANSITIONS.items() if source == state} for state in TenantState}
    reach = {state: {state} for state in TenantState}
    for _ in TenantState:
        for state, targets in ways.items():
            reach[state] |= {far for target in targets for far in reach[target]}
    assert all(TenantState.GONE in far for far in reach.values())
    last = {TenantState.EXPORTING, TenantState.ERASING, TenantState.GONE}
    assert all(reach[state] <= last for state in last)


def test_work_ends_by_its_own_event() -> None:
    """The states that have steps are those that an event of their own leaves, and no step is in two of them."""
    assert STEPS.keys() == ENDINGS.keys()
    assert all((state, event) in TRANSITIONS for state, event in ENDINGS.items())
    steps = [step for each in STEPS.values() for step in each]
    assert len(set(steps)) == len(steps)


@pytest.mark.parametrize(("state", "event"), list(product(TenantState, LifeEvent)))
def test_an_event_leads_where_the_table_says_or_is_refused(state: TenantState, event: LifeEvent) -> None:
    """The table's state; the same state where the event has happened already; else TenantStateConflict."""
    targets = {target for (_, name), target in TRANSITIONS.items() if name == event}
    if state in targets:
        assert after(state, event) == state
    elif (state, event) in TRANSITIONS:
        assert after(state, event) == TRANSITIONS[state, event]
    else:
        with pytest.raises(TenantStateConflict, match=f"is {state}"):
            after(state, event)


def test_the_docs_show_this_table() -> None:
    """docs/tenants.md has the diagram that the table draws."""
    assert f"```mermaid\n{mermaid()}\n```" in (ROOT / "docs" / "tenants.md").read_text(encoding="utf-8")
