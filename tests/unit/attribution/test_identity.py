"""Who is one person: a function of the links alone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.identity import canonical, crowded, keys_of, links_of, match_key, persons
from schemas.identity import IdentityKey, IdentityKind, Link
from schemas.limits import IDENTITY_KEYS_PER_USER_MAX, IDENTITY_USERS_PER_KEY_MAX
from schemas.touchpoints import MatchKey, MatchType

AT = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def device(value: str) -> IdentityKey:
    return IdentityKey(IdentityKind.VENDOR_ID, value)


def user(value: str) -> IdentityKey:
    return IdentityKey(IdentityKind.USER_ID, value)


def link(user_id: str, key: IdentityKey, event_id: str = "e-1") -> Link:
    return Link(user_id, key, event_id, AT)


LINKS = st.lists(
    st.builds(
        Link,
        st.sampled_from([f"u{number}" for number in range(9)]),
        st.builds(
            IdentityKey,
            st.sampled_from([IdentityKind.VENDOR_ID, IdentityKind.ANONYMOUS_ID]),
            st.sampled_from([f"i{number}" for number in range(7)]),
        ),
        st.sampled_from(["e-1", "e-2"]),
        st.just(AT),
    ),
    max_size=30,
)


def test_joins_what_shares_an_id() -> None:
    """Two devices of one user and a visitor of both are one person; a stranger is another."""
    visitor = IdentityKey(IdentityKind.ANONYMOUS_ID, "a")
    found = persons([link("u1", device("d1")), link("u1", device("d2")), link("u1", visitor), link("u2", device("d9"))])
    assert found[device("d1")] == {user("u1"), device("d1"), device("d2"), visitor}
    assert found[user("u2")] == {user("u2"), device("d9")}


def test_five_users_share_a_device_and_six_do_not() -> None:
    """One person up to the limit; past it everybody is alone, the device too."""
    links = [link(f"u{number}", device("tablet")) for number in range(IDENTITY_USERS_PER_KEY_MAX + 1)]
    within = persons(links[:-1])
    assert within[user("u0")] == {device("tablet"), *(user(f"u{number}") for number in range(5))}
    past = persons(links)
    assert past[user("u0")] == {user("u0")}
    assert past[device("tablet")] == {device("tablet")}
    assert crowded(links) == {device("tablet")}


def test_a_user_id_of_everybody_joins_nobody() -> None:
    """`guest` on a hundred devices is a person, on one more it is none."""
    links = [link("guest", device(f"d{number}")) for number in range(IDENTITY_KEYS_PER_USER_MAX + 1)]
    assert len(persons(links[:-1])[user("guest")]) == IDENTITY_KEYS_PER_USER_MAX + 1
    assert persons(links)[device("d7")] == {device("d7")}


def test_a_user_seen_often_on_a_device_is_one_user() -> None:
    """Repeated links count once: the device is not shared."""
    links = [link("u1", device("d1"), f"e-{number}") for number in range(20)]
    assert persons(links)[user("u1")] == {user("u1"), device("d1")}


@given(LINKS, st.randoms(use_true_random=False))
def test_the_order_of_links_does_not_matter(links: list[Link], random: Any) -> None:
    """The same persons from any order, and from links that came twice."""
    shuffled = links + links[: len(links) // 2]
    random.shuffle(shuffled)
    assert persons(shuffled) == persons(links)


@given(LINKS, st.data())
def test_removing_a_link_equals_never_having_had_it(links: list[Link], data: st.DataObject) -> None:
    """Persons are those of the links that are left, whatever was joined in between, wherever the link had stood."""
    wrong = link("u0", data.draw(st.sampled_from([device("i0"), device("new")])))
    never = [each for each in links if (each.user_id, each.key) != (wrong.user_id, wrong.key)]
    place = data.draw(st.integers(0, len(never)))
    had = [*never[:place], wrong, *never[place:]]
    persons(had)
    left = [each for each in had if (each.user_id, each.key) != (wrong.user_id, wrong.key)]
    assert persons(left) == persons(never)


@given(LINKS)
def test_persons_are_the_connected_components(links: list[Link]) -> None:
    """As a search from each id finds them, one step at a time; each id is in its own person and in no other."""
    found = persons(links)
    shared = crowded(links)
    steps = [(each.user, each.key) for each in links if not {each.user, each.key} & shared]
    for key, person in found.items():
        reached, grew = {key}, True
        while grew:
            more = {end for step in steps if set(step) & reached for end in step}
            grew, reached = not more <= reached, reached | more
        assert person == reached
        assert {canonical(found[other]) for other in person} == {canonical(person)}


def test_a_person_goes_by_the_least_user_id() -> None:
    """The user's id before a device's, whatever their values; without a user, the least of all."""
    assert canonical(frozenset({device("a"), user("z"), user("y")})) == user("y")
    assert canonical(frozenset({device("b"), device("a")})) == device("a")


def event(**fields: str) -> dict[str, str]:
    return {"event_id": "e-1", "event_time": AT.isoformat(), **fields}


def test_an_event_with_a_user_links_all_its_ids() -> None:
    """A link for each of them, once, with the event's id and time; the all-zero id is none."""
    found = links_of(
        event(user_id="u", device_id="d", idfv="d", gaid="00000000-0000-0000-0000-000000000000", anonymous_id="a")
    )
    assert found == (
        Link("u", device("d"), "e-1", AT),
        Link("u", IdentityKey(IdentityKind.ANONYMOUS_ID, "a"), "e-1", AT),
    )
    assert links_of(event(device_id="d", anonymous_id="a")) == ()
    assert links_of(event(user_id="u")) == ()


def test_reads_an_event_s_ids() -> None:
    """Each once, the user's first."""
    assert keys_of(event(device_id="d", idfv="d", user_id="u")) == (user("u"), device("d"))


@pytest.mark.parametrize(
    ("key", "match"),
    [
        (user("x"), MatchKey(MatchType.USER_ID, "x")),
        (device("x"), MatchKey(MatchType.VENDOR_ID, "x")),
        (IdentityKey(IdentityKind.ADVERTISING_ID, "x"), MatchKey(MatchType.ADVERTISING_ID, "x")),
        (IdentityKey(IdentityKind.ANONYMOUS_ID, "x"), MatchKey(MatchType.USER_ID, "anonymous_id:x")),
    ],
)
def test_touches_are_filed_under(key: IdentityKey, match: MatchKey) -> None:
    """An id's own match type; before login, in the user's place with a prefix."""
    assert match_key(key) == match
