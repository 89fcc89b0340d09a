"""What is pure of logging in."""

import pytest

from tenancy.login import network_of


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_addresses_that_one_attacker_has(ip: str, network: str) -> None:
    """Of IPv6 a whole /64 counts as one address, and IPv4 written as IPv6 as what it is."""
    assert network_of(ip) == network
