"""The tenant's lists: reading them from text, and finding what they name.

Networks (CIDR) either contain each other or have nothing in common. So of a list sorted by their first address those
that lie inside another can be left out, and the rest are disjoint: a lookup is one bisection, among a hundred ranges
as among a hundred thousand.
"""

import csv
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import islice

from schemas.fraud import FraudFacts, ListHit, ListKind
from schemas.fraud_problems import FraudListInvalid, FraudListTooLong
from schemas.problem import FieldError
from schemas.touchpoints import Touchpoint

ENTRIES_MAX = {
    ListKind.IP: 200_000,
    ListKind.DATA_CENTER: 200_000,
    ListKind.SITE: 100_000,
    ListKind.DEVICE: 200_000,
    # Each is looked for in the text of each user agent.
    ListKind.USER_AGENT: 1_000,
}
_NETWORKS = frozenset({ListKind.IP, ListKind.DATA_CENTER})
_ENTRY_CHARS_MAX = 512
_FAULTS_SHOWN = 50
_USER_AGENTS_REMEMBERED = 10_000


def parse_list(kind: ListKind, text: str) -> list[str]:
    """Read entries, one a line, each once and in the order of the text; of CSV, the first column.

    Blank lines, and lines that begin with `#`, hold nothing. Networks are written as CIDR or as single addresses.

    Raises:
        FraudListInvalid: with the number of each line that is no entry.
        FraudListTooLong: there are more entries than a list of this kind may have.
    """
    entries: dict[str, None] = {}
    faults: list[FieldError] = []
    for number, line in _lines(text):
        try:
            entries[_entry(kind, line)] = None
        except (ValueError, csv.Error) as error:
            faults.append(FieldError(number, f"/lines/{number}", f"Line {number}: {error}."))
    if faults:
        shown = tuple(islice(faults, _FAULTS_SHOWN))
        raise FraudListInvalid(f"{shown[0].detail} Lines at fault: {len(faults)}.", errors=shown)
    if len(entries) > ENTRIES_MAX[kind]:
        raise FraudListTooLong(f"The list has {len(entries):,} entries; {ENTRIES_MAX[kind]:,} may be.")
    return list(entries)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            yield number, bare


def _entry(kind: ListKind, line: str) -> str:
    # A user agent may hold commas: only where it is quoted is the line CSV.
    is_csv = kind is not ListKind.USER_AGENT or line.startswith('"')
    cell = next(csv.reader([line]))[0].strip() if is_csv else line
    if kind in _NETWORKS:
        return str(ip_network(cell))
    if not cell or len(cell) > _ENTRY_CHARS_MAX or "\0" in cell:
        raise ValueError(f"an entry has 1 to {_ENTRY_CHARS_MAX} characters")
    return cell.lower() if kind in {ListKind.DEVICE, ListKind.USER_AGENT} else cell


class Networks:
    """Networks among which an address is looked up."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Take networks as `parse_list` writes them."""
        self._starts: dict[int, list[int]] = {4: [], 6: []}
        self._found: dict[int, list[tuple[int, str]]] = {4: [], 6: []}
        ranges = sorted(
            (network.version, int(network.network_address), -int(network.broadcast_address), entry)
            for entry in entries
            for network in [ip_network(entry)]
        )
        for version, start, minus_end, entry in ranges:
            found = self._found[version]
            if not found or -minus_end > found[-1][0]:
                self._starts[version].append(start)
                found.append((-minus_end, entry))

    def find(self, text: str) -> str | None:
        """Give the widest network that contains an address; None too for what is no address."""
        try:
            address: IPv4Address | IPv6Address = ip_address(text)
        except ValueError:
            return None
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        number, version = int(address), address.version
        place = bisect_right(self._starts[version], number) - 1
        if place < 0:
            return None
        end, entry = self._found[version][place]
        return entry if number <= end else None


class FraudLists:
    """A tenant's lists, ready to be asked."""

    def __init__(self, entries: dict[ListKind, list[str]]) -> None:
        """Take the entries of each list as `parse_list` writes them; a missing list is empty."""
        self._networks = {kind: Networks(entries.get(kind, ())) for kind in sorted(_NETWORKS)}
        self._sites = frozenset(entries.get(ListKind.SITE, ()))
        self._devices = frozenset(entries.get(ListKind.DEVICE, ()))
        patterns = entries.get(ListKind.USER_AGENT, ())
        self._user_agents = re.compile("|".join(map(re.escape, patterns))) if patterns else None
        self.is_empty = not any(entries.values())
        self._find_user_agent = lru_cache(_USER_AGENTS_REMEMBERED)(self._user_agent)

    def hits(self, facts: FraudFacts, touches: Iterable[Touchpoint]) -> tuple[ListHit, ...]:
        """Find everything of a conversion and its touches that is on a list."""
        if self.is_empty:
            return ()
        install = facts.install
        found = [*self._traffic(install.ip, install.user_agent, "")]
        found += [
            ListHit(ListKind.DEVICE, device.lower(), device)
            for device in install.device_ids
            if device.lower() in self._devices
        ]
        for touch in {touch.touch_id: touch for touch in touches}.values():
            touched = facts.touches.get(touch.touch_id)
            if touched:
                found += self._traffic(touched.ip, touched.user_agent, touch.touch_id)
            for entry in (f"{touch.media_source}/{touch.site_id}", touch.site_id):
                if touch.site_id and entry in self._sites:
                    found.append(ListHit(ListKind.SITE, entry, touch.site_id, touch.touch_id))
                    break
        return tuple(found)

    def _traffic(self, ip: str, user_agent: str, touch_id: str) -> Iterator[ListHit]:
        for kind, networks in self._networks.items():
            if ip and (entry := networks.find(ip)):
                yield ListHit(kind, entry, ip, touch_id)
        if user_agent and (entry := self._find_user_agent(user_agent)):
            yield ListHit(ListKind.USER_AGENT, entry, user_agent, touch_id)

    def _user_agent(self, user_agent: str) -> str | None:
        found = self._user_agents and self._user_agents.search(user_agent.lower())
        return found[0] if found else None
