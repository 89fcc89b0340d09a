"""Journeys of which it is known what makes them convert, in a tenant's own tables."""

import httpx

from local.stack import Stack
from schemas.ids import TenantId
from storage.names import clickhouse_tables

PERSONS = 4_000
PEOPLE = """
SELECT
    number AS person,
    1 + cityHash64(number, 'length') % 3 AS length,
    now64(3) - toIntervalSecond(86400 * 2 + cityHash64(number, 'end') % (86400 * 40)) AS end,
    arrayMap(place -> concat(toString(person), '-', toString(place)), range(length)) AS ids,
    arrayMap(place -> end - toIntervalMinute(90 * (length - place)), range(length)) AS times,
    ['search', 'social', 'display'] AS names,
    arrayMap(place -> names[1 + cityHash64(person, place, 'source') % 3], range(length)) AS sources,
    arrayMap(place -> 'click', range(length)) AS types,
    cityHash64(person, 'fate') % 100 < if(has(sources, 'search'), 50, 6) AS converts
FROM numbers({count})
"""
"""Whoever searches converts eight times as often, wherever on the way: the last touch does not tell it all."""
EVENTS = """
INSERT INTO {events} (event_id, event_type, event_time, received_at, device_id, app_id, media_source, platform)
SELECT id, type, time, time, toString(person), 'app', source, 'android'
FROM ({people}) ARRAY JOIN ids AS id, types AS type, times AS time, sources AS source
"""
ATTRIBUTED = """
INSERT INTO {attributed} (
    conversion_id, revision, conversion_type, conversion_kind, conversion_time, received_at, app_id, platform,
    person_key, media_source, touch_ids, touch_times, touch_types, touch_sources, touch_channels, touch_campaigns
)
SELECT
    concat('install ', toString(person)), 1, 'install', 'install', end, end, 'app', 'android',
    xxh3(concat('vendor_id:', toString(person))), sources[-1], ids, times, types, sources,
    arrayMap(id -> '', ids), arrayMap(id -> '', ids)
FROM ({people}) WHERE converts
"""


async def plant(stack: Stack, tenant_id: str) -> None:
    """Write journeys of which it is known what makes them convert."""
    tables = clickhouse_tables(TenantId(tenant_id))
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for statement in (EVENTS, ATTRIBUTED):
            query = statement.replace("{people}", PEOPLE.replace("{count}", str(PERSONS))).format(**tables)
            answer = await client.post(stack.clickhouse_url, content=query)
            assert answer.is_success, answer.text
