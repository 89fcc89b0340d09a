"""How a tenant's site looks: what its page asks for before anybody signs in, and what its owner sets."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from schemas.ids import TenantId
from schemas.links import Text
from serve_apps.audited import audited
from serve_apps.callers import tenant_of, user_of
from serve_apps.openapi import OWNER, TENANT, USER, documented
from serve_apps.services import services_of
from storage.postgres.connect import CONNECTION_LOST, Database
from storage.postgres.tenant_brand import StoredBrand, TenantBrand

router = APIRouter()


class Brand(BaseModel):
    """The tenant's name on its site, and the colour of what can be pressed there. Null: as the platform has it."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(max_length=60)] | None = None
    accent: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$", examples=["#4f46e5"])] | None = None


class SiteConfig(BaseModel):
    """What the tenant's site needs to know."""

    tenant_id: str = Field(alias="TENANT_ID")
    api_base: str = Field(alias="API_BASE")
    name: str = Field(alias="NAME")
    brand: Brand = Field(alias="BRAND")


@router.get("/config.json", response_model=SiteConfig, **documented(TENANT))
async def get_site_config(request: Request) -> dict[str, Any]:
    """Configure the tenant's site."""
    tenant = await tenant_of(request)
    brand = await _brand_if_there(_database(request, tenant.tenant_id))
    return {"TENANT_ID": tenant.tenant_id, "API_BASE": "", "NAME": tenant.name, "BRAND": brand}


@router.get("/api/v1/brand", response_model=Brand, **documented(USER))
async def get_brand(request: Request) -> dict[str, Any]:
    """Say how the tenant's site looks."""
    tenant, _ = await user_of(request)
    return asdict(await TenantBrand(_database(request, tenant.tenant_id)).read())


@router.put("/api/v1/brand", **documented(OWNER))
async def put_brand(request: Request, brand: Brand) -> Brand:
    """Say how it shall look, in the place of what was said before; the site has it when it is loaded again."""
    tenant, _ = await user_of(request)
    async with audited(request, "brand.replace", detail=brand.model_dump(exclude_none=True)):
        await TenantBrand(_database(request, tenant.tenant_id)).write(StoredBrand(**brand.model_dump()))
    return brand


async def _brand_if_there(database: Database) -> dict[str, Any]:
    """Read the brand; a page without it is better than none while the database is away."""
    try:
        return asdict(await TenantBrand(database).read())
    except CONNECTION_LOST:
        return {}


def _database(request: Request, tenant_id: TenantId) -> Database:
    return services_of(request).databases.tenant(tenant_id)
