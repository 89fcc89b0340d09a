"""The policy that a shard attributes by: the adopted one, asked for anew after a second."""

import time

from schemas.policy import Policy
from storage.postgres.policies import Policies

_KEPT_SECONDS = 1.0


class AdoptedPolicy:
    """Knows the policy in force."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._policy = Policy()
        self._asked_at: float | None = None

    async def get(self, *, fresh: bool = False) -> Policy:
        """Give the policy in force, at most a second old; with `fresh`, the one of this moment."""
        if fresh or self._asked_at is None or time.monotonic() - self._asked_at >= _KEPT_SECONDS:
            self._policy = await self._policies.in_force()
            self._asked_at = time.monotonic()
        return self._policy
