"""The problems of tenants' own schemas: more leaves of the tree in `schemas/problems.py`."""

from schemas.problems import Conflict, NotFound, Unprocessable


class EventSchemaUnknown(NotFound):
    """The tenant has registered no schema for this event name."""

    slug = "event-schema-unknown"
    title = "Event schema unknown"
    remedy = "GET /api/v1/schemas lists the tenant's schemas."


class EventSchemaInvalid(Unprocessable):
    """This is no JSON Schema (draft 2020-12) of an object that can be used here."""

    slug = "event-schema-invalid"
    title = "Event schema invalid"
    remedy = "Mend what the detail names; references must stay within the schema."


class EventSchemaIncompatible(Conflict):
    """Events that satisfy the schema of today would not satisfy this one."""

    slug = "event-schema-incompatible"
    title = "Event schema incompatible"
    remedy = "Take back what `breaking` lists, or send ?force=true once every app sends the new shape."


class EventSchemasTooMany(Conflict):
    """The tenant has as many schemas as it may have."""

    slug = "event-schemas-too-many"
    title = "Too many event schemas"
    remedy = "Delete those whose event names are no longer sent."
