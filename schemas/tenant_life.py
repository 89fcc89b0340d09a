"""The life of a tenant as a table: its states, what leads from one to the next, and the steps within a state.

Everything that changes a tenant's state asks `after`; docs/tenants.md has the picture that `mermaid` draws of it. What
a step does lives in `tenancy/`; a step may be repeated, because whoever did it may have died before it was recorded.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from schemas.tenant_problems import TenantStateConflict


class TenantState(StrEnum):
    """Where a tenant is in its life."""

    PROVISIONING = "provisioning"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPORTING = "exporting"
    ERASING = "erasing"
    GONE = "gone"


class LifeEvent(StrEnum):
    """What leads from one state to another: an operator's request, or the end of a job."""

    PROVISIONED = "provisioned"
    SUSPEND = "suspend"
    RESUME = "resume"
    DELETE = "delete"
    EXPORTED = "exported"
    ERASED = "erased"


class Step(StrEnum):
    """A piece of work that may be repeated; recorded when it is done."""

    DATABASE = "database"
    AUDIT = "audit"
    TABLES = "tables"
    ACCESS = "access"
    KEYS = "keys"
    OWNER = "owner"
    CLOSE = "close"
    DRAIN = "drain"
    END_ACTORS = "end_actors"
    EXPORT_CONTROL = "export_control"
    EXPORT_POSTGRES = "export_postgres"
    EXPORT_CLICKHOUSE = "export_clickhouse"
    MANIFEST = "manifest"
    ERASE_ACTORS = "erase_actors"
    ERASE_FILES = "erase_files"
    ERASE_CLICKHOUSE = "erase_clickhouse"
    ERASE_LAKE = "erase_lake"
    ERASE_POSTGRES = "erase_postgres"


TRANSITIONS: Mapping[tuple[TenantState, LifeEvent], TenantState] = MappingProxyType(
    {
        (TenantState.PROVISIONING, LifeEvent.PROVISIONED): TenantState.ACTIVE,
        (TenantState.PROVISIONING, LifeEvent.DELETE): TenantState.ERASING,
        (TenantState.ACTIVE, LifeEvent.SUSPEND): TenantState.SUSPENDED,
        (TenantState.SUSPENDED, LifeEvent.RESUME): TenantState.ACTIVE,
        (TenantState.ACTIVE, LifeEvent.DELETE): TenantState.EXPORTING,
        (TenantState.SUSPENDED, LifeEvent.DELETE): TenantState.EXPORTING,
        (TenantState.EXPORTING, LifeEvent.EXPORTED): TenantState.ERASING,
        (TenantState.ERASING, LifeEvent.ERASED): TenantState.GONE,
    }
)

STEPS: Mapping[TenantState, tuple[Step, ...]] = MappingProxyType(
    {
        TenantState.PROVISIONING: (Step.DATABASE, Step.AUDIT, Step.TABLES, Step.ACCESS, Step.KEYS, Step.OWNER),
        TenantState.EXPORTING: (
            Step.CLOSE,
            Step.DRAIN,
            Step.END_ACTORS,
            Step.EXPORT_CONTROL,
            Step.EXPORT_POSTGRES,
            Step.EXPORT_CLICKHOUSE,
            Step.MANIFEST,
        ),
        TenantState.ERASING: (
            Step.ERASE_ACTORS,
            Step.ERASE_FILES,
            Step.ERASE_CLICKHOUSE,
            Step.ERASE_LAKE,
            Step.ERASE_POSTGRES,
        ),
    }
)
"""What is to be done in a state before its own event leads on, in this order."""

ENDINGS: Mapping[TenantState, LifeEvent] = MappingProxyType(
    {
        TenantState.PROVISIONING: LifeEvent.PROVISIONED,
        TenantState.EXPORTING: LifeEvent.EXPORTED,
        TenantState.ERASING: LifeEvent.ERASED,
    }
)
"""The event that the end of a state's steps is."""


def after(state: TenantState, event: LifeEvent) -> TenantState:
    """Give the state that an event leads to; an event whose state is there already changes nothing.

    Raises:
        TenantStateConflict: the table has no way from this state by this event.
    """
    if state in {target for (_, name), target in TRANSITIONS.items() if name == event}:
        return state
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TenantStateConflict(f"The tenant is {state}; it cannot {event}.") from None


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram."""
    first = f"    [*] --> {TenantState.PROVISIONING}"
    arrows = [f"    {state} --> {target}: {event}" for (state, event), target in TRANSITIONS.items()]
    notes = [f"    note right of {state}: {', '.join(steps)}" for state, steps in STEPS.items()]
    return "\n".join(["stateDiagram-v2", first, *arrows, f"    {TenantState.GONE} --> [*]", *notes])
