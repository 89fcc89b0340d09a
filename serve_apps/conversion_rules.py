"""Which of a tenant's events are conversions, as of the present snapshot of the directory."""

from collections.abc import Mapping

from ingest.conversions import DEFAULT_TESTS, ConversionTest, conversion_tests
from schemas.ids import TenantId
from tenancy.directory import DirectoryFeed


class ConversionRules:
    """What the tenants' policies name."""

    def __init__(self, feed: DirectoryFeed) -> None:
        self._feed = feed

    def of(self, tenant_id: TenantId) -> Mapping[str, ConversionTest]:
        """Give the tests of a tenant."""
        tenant = self._feed.snapshot.by_id.get(tenant_id)
        return conversion_tests(tenant.conversion_events) if tenant else DEFAULT_TESTS
