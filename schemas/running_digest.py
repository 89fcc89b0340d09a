"""Whether what runs was started with these settings and stores, told without telling any of them."""

import hashlib
import hmac
import json
from typing import Any

from pydantic import SecretStr

from schemas.backends import Backends
from schemas.settings import Settings


def running_digest(backends: Backends, settings: Settings, *others: str) -> str:
    """Give 64 hexadecimal digits that change with any setting, secret ones too, with the stores, and with `others`.

    They may be kept and shown: who does not have the root secret can try no password against them (HMAC-SHA256).
    """
    said = [settings.model_dump(), repr(backends), backends.clickhouse_url, others]
    text = json.dumps(said, default=_plain, sort_keys=True)
    return hmac.digest(backends.derive("running"), text.encode(), hashlib.sha256).hex()


def _plain(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
