"""Champions whose names say what their models do, and whoever names them."""

import time
from collections.abc import Mapping, Sequence

from actors.champion_calls import Champion, ChampionsUnknownError, Standing

SLOW_SECONDS = 10.0


class Keeper:
    """Names some champions, or does not answer."""

    def __init__(self, champions: Sequence[Champion] | None) -> None:
        self._champions = champions

    async def current(self, known_version: str, _stood_in: Mapping[str, str | None]) -> Standing | None:
        """Say who counts."""
        if self._champions is None:
            raise ChampionsUnknownError
        return None if known_version else Standing("1", tuple(self._champions))

    async def artifact(self, model_id: str) -> bytes:
        """Give the model."""
        return model_id.encode()


class NamedModel:
    """Is made of its name, unless that is `damaged`."""

    def __init__(self, artifact: bytes) -> None:
        self._name = artifact.decode()
        if self._name == "damaged":
            raise ValueError("damaged")

    def act(self) -> None:
        """Take long or fail, if the name says so."""
        if self._name == "slow":
            # In small steps: what takes too long is broken off between two.
            for _ in range(int(SLOW_SECONDS / 0.01)):
                time.sleep(0.01)
        if self._name == "failing":
            raise ValueError("failing")
