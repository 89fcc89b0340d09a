"""Installs from rows: what they brought, and what stands behind their addresses."""

import numpy as np

from jobs.install_rows import InstallClaims, Takings, behind_addresses, new_device_shares

DAY, HOUR = 86_400.0, 3_600.0


def test_takings() -> None:
    """Events count from the install on: on the first day by kind, revenue to each horizon; others' do not."""
    takings = Takings(np.array([3, 7], np.uint64), np.array([100.0, 100.0]))
    person = np.array([7, 7, 7, 7, 9, 3], np.uint64)
    time = np.array([99.0, 100.0, 100.0 + HOUR, 100.0 + 8 * DAY, 200.0, 100.0 + 200 * DAY])
    revenue = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    is_session = np.array([True, True, False, False, True, False])
    for part in (slice(0, 3), slice(3, 6)):
        takings.add(
            person[part],
            time[part],
            is_session=is_session[part],
            is_purchase=~is_session[part],
            revenue=revenue[part],
        )
    assert takings.sessions.tolist() == [0, 1]
    assert (takings.events.tolist(), takings.purchases.tolist()) == ([0, 2], [0, 1])
    assert takings.revenue.tolist() == [0, 6]
    assert takings.revenue_to.tolist() == [[0, 0, 0, 0], [6, 14, 14, 14]]


def test_behind_addresses() -> None:
    """The hour before counts, of one address alone; a device twice counts once; without an address one is alone."""
    address = np.array([5, 5, 5, 5, 6, 0, 0], np.uint64)
    person = np.array([1, 2, 2, 3, 1, 1, 1], np.uint64)
    time = np.array([0.0, 600.0, 1_200.0, 3_700.0, 0.0, 0.0, 0.0])
    installs, devices = behind_addresses(address, person, time)
    assert installs.tolist() == [1, 2, 3, 3, 1, 1, 1]
    assert devices.tolist() == [1, 2, 2, 2, 1, 1, 1]
    assert [len(each) for each in behind_addresses(address[:0], person[:0], time[:0])] == [0, 0]


def test_new_device_shares() -> None:
    """By site and day, the share of installs that are their device's first; of unclaimed ones nothing is known."""
    size = 4
    number = np.zeros(size)
    claims = InstallClaims(
        install=np.arange(size).astype(np.uint64),
        person=np.array([1, 2, 1, 4], np.uint64),
        time=np.array([0.0, 10.0, 20.0, 2 * DAY]),
        ctit_seconds=number,
        candidates=number,
        clicks_last_hour=number,
        touch=np.array([1, 1, 1, 0], np.uint64),
        site=np.array([1, 1, 1, 1], np.uint64),
        country=number.astype(np.int64),
        platform=number.astype(np.int64),
        flagged=number.astype(np.bool_),
    )
    shares = new_device_shares(claims)
    assert np.allclose(shares[:3], 2 / 3)
    assert np.isnan(shares[3])
