"""Identifiers that travel between layers, each a distinct type."""

import re
from typing import NewType

import uuid_utils

from schemas.problems import TenantIdInvalid

TenantId = NewType("TenantId", str)
BatchId = NewType("BatchId", str)

_TENANT_ID = re.compile(r"[a-z][a-z0-9]{1,30}")


def parse_tenant_id(text: str) -> TenantId:
    """Check that `text` is a tenant id (`[a-z][a-z0-9]{1,30}`).

    Raises:
        TenantIdInvalid: it is anything else. Storage names are built from tenant ids,
            so nothing else may ever pass here.
    """
    if not _TENANT_ID.fullmatch(text):
        raise TenantIdInvalid
    return TenantId(text)


def new_batch_id() -> BatchId:
    """Make a UUIDv7: unique without coordination, and sortable by the time it was made."""
    return BatchId(_new_id())


def new_touch_id() -> str:
    """Make the id of a click or an impression, in the same way."""
    return _new_id()


def _new_id() -> str:
    return str(uuid_utils.uuid7())
