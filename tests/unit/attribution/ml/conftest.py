"""Models trained once on planted truth, for all tests that look at one."""

import pytest

from attribution.ml.anomaly import AnomalyModel
from attribution.ml.anomaly_training import train_anomaly
from attribution.ml.conversion import ConversionModel
from attribution.ml.conversion_training import train_conversion
from attribution.ml.pltv import PltvModel
from attribution.ml.pltv_training import train_pltv
from attribution.ml.trained import TrainedModel
from bench.planted_installs import PlantedInstalls, planted_facts, planted_installs
from bench.planted_journeys import PlantedJourneys, planted_journeys

SEED = 7


@pytest.fixture(scope="session")
def journeys() -> PlantedJourneys:
    return planted_journeys(20_000, SEED)


@pytest.fixture(scope="session")
def conversion(journeys: PlantedJourneys) -> TrainedModel[ConversionModel]:
    return train_conversion(journeys.table, seed=SEED)


@pytest.fixture(scope="session")
def installs() -> PlantedInstalls:
    return planted_installs(10_000, SEED)


@pytest.fixture(scope="session")
def pltv(installs: PlantedInstalls) -> TrainedModel[PltvModel]:
    return train_pltv(installs.table, seed=SEED)


@pytest.fixture(scope="session")
def anomaly() -> TrainedModel[AnomalyModel]:
    return train_anomaly(planted_facts(8_000, SEED, bought_share=0.005), seed=SEED)
