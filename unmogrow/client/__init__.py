"""A typed, asynchronous client of both planes. It needs httpx, pydantic and zstandard, nothing else of the platform.

async with TenantClient("http://client123.localhost:8080", auth=Login(email, password)) as client:
async for result in client.iter_attributions(conversion_type="install"):
print(result.conversion_id, result.media_source)
"""

from unmogrow.client.auth import Key, Login
from unmogrow.client.errors import (
    ClientError,
    ConflictError,
    FieldFault,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)
from unmogrow.client.ingest import Ingested, Receipt, Rejected
from unmogrow.client.platform import PlatformClient
from unmogrow.client.tenant import TenantClient

__all__ = [
    "ClientError",
    "ConflictError",
    "FieldFault",
    "ForbiddenError",
    "Ingested",
    "InvalidError",
    "Key",
    "Login",
    "NotFoundError",
    "PlatformClient",
    "ProblemError",
    "RateLimitedError",
    "Receipt",
    "Rejected",
    "TenantClient",
    "UnauthorizedError",
    "UnavailableError",
    "UnreachableError",
]
