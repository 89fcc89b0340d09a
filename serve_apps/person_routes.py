"""Persons: which ids are one human being, by which events, and how to take a wrong link back."""

from typing import Any, Literal

from fastapi import APIRouter
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request

from actors.persons import Persons
from attribution.identity import KIND_OF_FIELD
from schemas.identity import Edge, IdentityKey, IdentityKind
from schemas.limits import PAGE_ROWS_MAX
from schemas.policy_problems import EdgeUnknown, PersonUnknown
from schemas.problems import ActorUnavailable
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.openapi import EDITOR, USER, documented
from serve_apps.parameters import RowId, Word
from serve_apps.person_answers import Person, PersonEdge
from serve_apps.services import services_of
from storage.postgres.identity_edges import IdentityEdges

router = APIRouter()

Kind = Literal["user_id", "advertising_id", "vendor_id", "anonymous_id", "device_id", "idfv", "gaid", "idfa", "oaid"]
_KINDS = {kind.value: kind for kind in IdentityKind} | KIND_OF_FIELD


class _KindConvertor(StringConvertor):
    """Keeps the paths of persons apart from those beside them: what is no kind of id is no person's path."""

    regex = "|".join(_KINDS)


register_url_convertor("identity_kind", _KindConvertor())


@router.get("/api/v1/persons/{kind:identity_kind}/{value}", response_model=Person, **documented(USER, PersonUnknown))
async def get_person(request: Request, kind: Kind, value: Word) -> dict[str, Any]:
    """Give the ids of whoever has one, each link with the event that made it; `kind` may be an event's field, too."""
    tenant, _ = await user_of(request)
    edges = IdentityEdges(services_of(request).databases.tenant(tenant.tenant_id))
    key = IdentityKey(_KINDS[kind], value)
    people = await Persons(edges).around([key])
    keys = people.of([key])
    removed = await edges.around(dict.fromkeys(keys, PAGE_ROWS_MAX), removed=True)
    if not people.edges and not removed:
        raise PersonUnknown
    return {
        "keys": [each._asdict() for each in sorted(keys)],
        "edges": [_edge(edge) for edge in people.edges if {edge.link.user, edge.link.key} & keys],
        "removed": [_edge(edge) for edge in removed],
        "shared": [each._asdict() for each in sorted(people.crowded)],
    }


@router.delete(
    "/api/v1/persons/edges/{edge_id}", response_model=PersonEdge, **documented(EDITOR, EdgeUnknown, ActorUnavailable)
)
async def delete_edge(request: Request, edge_id: RowId) -> dict[str, Any]:
    """Take a link back, for good; conversions that it had a part in get another revision if their answer changes."""
    tenant, caller = await user_of(request)
    services = services_of(request)
    async with audited(request, "person-edge.delete", edge_id):
        removed = await IdentityEdges(services.databases.tenant(tenant.tenant_id)).remove(edge_id, caller.user_id)
        if removed is None:
            raise EdgeUnknown
    await services.actors.look_again(tenant.tenant_id)
    return _edge(removed)


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "edge_id": edge.edge_id,
        "user_id": edge.link.user_id,
        "kind": edge.link.key.kind,
        "value": edge.link.key.value,
        "event_id": edge.link.event_id,
        "linked_at": edge.link.linked_at,
        "recorded_at": edge.recorded_at,
        "removed_at": edge.removed_at,
        "removed_by": edge.removed_by,
    }
