"""A tenant's tracking links in the control database, as the API reads and writes them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas.ids import TenantId
from schemas.limits import LINKS_PER_TENANT_MAX
from schemas.link_problems import LinkExists, LinksTooMany
from schemas.links import AppLinks, Link
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "links.sql")
_END = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A link, and when it was made and last changed."""

    link: Link
    created_at: datetime
    updated_at: datetime


class Links:
    """The links of one tenant."""

    def __init__(self, control: Database, tenant_id: TenantId) -> None:
        self._control = control
        self._tenant_id = tenant_id

    async def add(self, link: Link) -> StoredLink:
        """Enter a link.

        Raises:
            LinkExists: the tenant has one with this id.
            LinksTooMany: the tenant has `LINKS_PER_TENANT_MAX` of them.
        """
        async with self._control.connection() as connection:
            if await connection.fetchval(_SQL["count"], self._tenant_id) >= LINKS_PER_TENANT_MAX:
                raise LinksTooMany
            row = await connection.fetchrow(_SQL["add"], self._tenant_id, link.link_id, _text(link))
        if row is None:
            raise LinkExists
        return _stored(row)

    async def one(self, link_id: str) -> StoredLink | None:
        """Find a link."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(_SQL["one"], self._tenant_id, link_id)
        return None if row is None else _stored(row)

    async def page(self, *, before: tuple[datetime, str] | None, limit: int) -> list[StoredLink]:
        """Read links, newest first, those before a (created_at, link_id)."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["page"], self._tenant_id, *(before or (_END, "")), limit)
        return [_stored(row) for row in rows]

    async def replace(self, link: Link) -> StoredLink | None:
        """Replace a link by another with its id; None if there is none."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(_SQL["replace"], self._tenant_id, link.link_id, _text(link))
        return None if row is None else _stored(row)

    async def delete(self, link_id: str) -> bool:
        """Delete a link; False if there is none."""
        async with self._control.connection() as connection:
            return await connection.fetchval(_SQL["delete"], self._tenant_id, link_id) is not None

    async def app_links(self) -> AppLinks:
        """Read which apps open the tenant's links."""
        async with self._control.connection() as connection:
            text = await connection.fetchval(_SQL["app_links"], self._tenant_id)
        return AppLinks.model_validate_json(text or "{}")

    async def set_app_links(self, app_links: AppLinks) -> None:
        """Say which apps open the tenant's links."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["set_app_links"], self._tenant_id, app_links.model_dump_json())


def _text(link: Link) -> str:
    return link.model_dump_json(exclude_none=True)


def _stored(row: Any) -> StoredLink:
    return StoredLink(Link.model_validate_json(row["definition"]), row["created_at"], row["updated_at"])
