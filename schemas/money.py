"""What advertising cost, and what currencies were worth, as a tenant uploads it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class CostLine:
    """What a day of a source cost; campaign, ad set, app and country are empty where the cost does not name them."""

    media_source: str
    campaign: str
    adset: str
    day: date
    app_id: str
    country: str
    currency: str
    cost: Decimal

    def key(self) -> tuple[Any, ...]:
        """Give what makes it the same cost: a later upload of it replaces the amount."""
        return self.day, self.media_source, self.campaign, self.adset, self.app_id, self.country, self.currency


@dataclass(frozen=True, slots=True)
class RateLine:
    """What one unit of a currency was worth in the tenant's, from a day on."""

    currency: str
    day: date
    rate: Decimal

    def key(self) -> tuple[Any, ...]:
        """Give what makes it the same rate."""
        return self.currency, self.day
