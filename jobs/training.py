"""What each kind of model learns from, and who trains it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attribution.ml.anomaly import AnomalyModel
from attribution.ml.anomaly_training import train_anomaly
from attribution.ml.conversion import ConversionModel
from attribution.ml.conversion_training import train_conversion
from attribution.ml.install_tables import InstallFactTable, InstallTable
from attribution.ml.journey_table import JourneyTable, concat
from attribution.ml.pltv import PltvModel
from attribution.ml.pltv_training import train_pltv
from attribution.ml.trained import TrainedModel
from jobs.install_rows import facts_together, installs_together
from jobs.lake_installs import commonest_currency, read_install_facts, read_installs
from jobs.lake_journeys import read_journeys
from jobs.lake_rows import Days
from schemas.learning import DataRange, LearnedKind

Table = JourneyTable | InstallTable | InstallFactTable
Trained = TrainedModel[ConversionModel] | TrainedModel[PltvModel] | TrainedModel[AnomalyModel]

Told = Callable[[str, str, int, int | None], None]
"""What is said on the way: stage, a sentence, rows so far, and of how many."""


@dataclass(frozen=True)
class TrainingData:
    """Rows of one or several tenants, from which days they came, and in which currency revenue is, if there is any."""

    table: Table
    spans: Sequence[Days]
    currency: str | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.table)

    def range(self) -> DataRange:
        """Say what was read."""
        return DataRange(
            first_day=min(each.first for each in self.spans),
            last_day=max(each.last for each in self.spans),
            rows=self.rows,
            manifests={each.manifest.tenant_id: each.manifest.version for each in self.spans},
        )


def read_training_data(kind: LearnedKind, spans: Sequence[Days], rows_max: int, told: Told) -> TrainingData:
    """Read the rows of a kind; of several tenants each gives at most its share of `rows_max`.

    Revenue is in one currency: that of most tenants' most conversions. Tenants with another one give no installs.
    """
    currency = None
    if kind is LearnedKind.PLTV:
        found = [commonest_currency(days) for days in spans]
        currency = currency_of_most(found)
        spans = [days for days, own in zip(spans, found, strict=True) if own == currency]
    of_each = max(rows_max // len(spans), 1)
    tables = [_read(kind, days, of_each, told, currency or "") for days in spans]
    table: Table
    if kind is LearnedKind.CONVERSION:
        table = concat([each for each in tables if isinstance(each, JourneyTable)])
    elif kind is LearnedKind.PLTV:
        table = installs_together([each for each in tables if isinstance(each, InstallTable)])
    else:
        table = facts_together([each for each in tables if isinstance(each, InstallFactTable)])
    return TrainingData(table, spans, currency)


def currency_of_most(found: Sequence[str]) -> str:
    """Choose among tenants' currencies; who has no revenue, which is '', has no say unless nobody has any."""
    return max(sorted(set(found)), key=lambda currency: (currency != "", found.count(currency)))


def _read(kind: LearnedKind, days: Days, rows_max: int, told: Told, currency: str) -> Table:
    total = sum(file.rows for file in days.manifest.files if days.first <= file.date <= days.last)

    def tell(dataset: str, rows: int) -> None:
        told("read", f"{dataset} of {days.manifest.tenant_id}", rows, total)

    if kind is LearnedKind.CONVERSION:
        return read_journeys(days, rows_max, tell)
    if kind is LearnedKind.PLTV:
        return read_installs(days, rows_max, tell, currency)
    return read_install_facts(days, rows_max, tell)


def train(
    kind: LearnedKind, table: Table, seed: int, base: ConversionModel | PltvModel | None, threads: int
) -> Trained:
    """Train a model of a kind; one of conversion is fine-tuned from `base`, one of pLTV measured against it.

    Raises:
        TooFewRowsError: the rows do not suffice.
    """
    if kind is LearnedKind.CONVERSION:
        assert isinstance(table, JourneyTable)
        assert base is None or isinstance(base, ConversionModel)
        return train_conversion(table, seed=seed, base=base, threads=threads)
    if kind is LearnedKind.PLTV:
        assert isinstance(table, InstallTable)
        assert base is None or isinstance(base, PltvModel)
        return train_pltv(table, seed=seed, threads=threads, base=base)
    assert isinstance(table, InstallFactTable)
    return train_anomaly(table, seed=seed, threads=threads)
