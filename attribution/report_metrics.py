"""What reports are made of: sums that can be added up, and the ratios that marketing knows by these names.

| ratio | definition |
|---|---|
| ctr | clicks / impressions |
| cvr | attributed installs / clicks |
| ecpm | 1,000 * cost / impressions |
| cpi | cost / attributed installs |
| cpa | cost / attributed actions |
| roas | attributed revenue / cost |
| arpu | revenue / active users |

*Attributed* means not organic. A ratio whose denominator is zero is None: it is neither zero nor infinite.
"""

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from attribution.money import shown

_ZERO = Decimal(0)
_THOUSAND = Decimal(1_000)


@dataclass(slots=True)
class Sums:
    """Sums over any set of days and sources, amounts in the tenant's currency.

    `actions` are conversions after the install; `users` are distinct people, and so are only added up over sets that
    share none. `events` are what people did; touches are not among them. `rejected` are conversions that fraud rules
    rejected: they are in no other count.
    """

    impressions: int = 0
    clicks: int = 0
    installs: int = 0
    organic_installs: int = 0
    reinstalls: int = 0
    actions: int = 0
    organic_actions: int = 0
    purchases: int = 0
    rejected: int = 0
    sessions: int = 0
    events: int = 0
    users: int = 0
    revenue: Decimal = _ZERO
    organic_revenue: Decimal = _ZERO
    cost: Decimal = _ZERO

    def add(self, **amounts: Any) -> None:
        """Add amounts, by their names."""
        for name, amount in amounts.items():
            setattr(self, name, getattr(self, name) + amount)

    def document(self) -> dict[str, Any]:
        """Write the sums down, amounts as reports show them, with all ratios."""
        sums = {field.name: getattr(self, field.name) for field in fields(self)}
        rounded = {name: shown(value) if isinstance(value, Decimal) else value for name, value in sums.items()}
        return rounded | self._ratios()

    def _ratios(self) -> dict[str, Any]:
        attributed = self.installs - self.organic_installs
        return {
            "ctr": ratio(self.clicks, self.impressions),
            "cvr": ratio(attributed, self.clicks),
            "ecpm": money_ratio(self.cost * _THOUSAND, self.impressions),
            "cpi": money_ratio(self.cost, attributed),
            "cpa": money_ratio(self.cost, self.actions - self.organic_actions),
            "roas": ratio(self.revenue - self.organic_revenue, self.cost),
            "arpu": money_ratio(self.revenue, self.users),
        }


def ratio(part: Decimal | int, whole: Decimal | int) -> float | None:
    """Divide, to the 15 digits that a JSON number keeps; None by zero."""
    return float(Decimal(part) / Decimal(whole)) if whole else None


def money_ratio(amount: Decimal, count: int) -> Decimal | None:
    """Divide an amount by a count; None by zero."""
    return shown(amount / count) if count else None


def change(now: Any, before: Any) -> float | None:
    """Say by which part of what it was something grew; None if it was nothing, or is not known."""
    if now is None or before is None:
        return None
    return ratio(Decimal(str(now)) - Decimal(str(before)), Decimal(str(before)))
