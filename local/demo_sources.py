"""The invented market of the demo: media sources with the effects planted in them, countries and devices.

`effect` is what one touch adds to the log-odds that its person installs. It is the truth that an attribution
model can be held against, and the table is made so that counting last touches misses it: `applovin` follows
people who would have come anyway and shows up last, with almost no effect, while `influencer` works early.
"""

from dataclasses import dataclass

BASE_LOG_ODDS = -2.5
"""Of an average person without any touch: 7.6% install by themselves."""

INTENT_DEVIATION = 0.8
"""How much people differ, in log-odds, before any touch."""

RETARGETING_LOG_ODDS = -1.4
"""That an average person is followed by the retargeting source."""

RETARGETING_BY_INTENT = 1.5
"""How much a person's intent adds to that: it follows those who would come anyway."""


@dataclass(frozen=True, slots=True)
class Source:
    """One media source. `volume` is its share of touches, which grows by `growth` a day of the period.

    `clicks` is the share of clicks among its touches, `click_usd` the usual price of one. `late` sets how much
    likelier it is the last touch of a journey than an earlier one.
    """

    name: str
    channel: str
    effect: float
    volume: float
    growth: float
    clicks: float
    late: float
    click_usd: float
    campaigns: tuple[str, ...]
    adsets: tuple[str, ...]
    sites: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ("android", "ios")


SOURCES = (
    Source(
        "google_ads",
        "search",
        effect=0.45,
        volume=24,
        growth=0.0,
        clicks=0.75,
        late=1.5,
        click_usd=0.42,
        campaigns=("brand_search", "uac_install"),
        adsets=("exact", "broad"),
    ),
    Source(
        "meta_ads",
        "social",
        effect=0.6,
        volume=22,
        growth=-0.01,
        clicks=0.4,
        late=1.0,
        click_usd=0.55,
        campaigns=("prospecting", "lookalike_1pct"),
        adsets=("feed", "reels"),
    ),
    Source(
        "tiktok_ads",
        "social",
        effect=0.35,
        volume=18,
        growth=0.05,
        clicks=0.35,
        late=0.8,
        click_usd=0.31,
        campaigns=("spark_q1", "creators"),
        adsets=("gen_z", "broad"),
    ),
    Source(
        "apple_search_ads",
        "search",
        effect=0.9,
        volume=10,
        growth=0.01,
        clicks=0.9,
        late=1.6,
        click_usd=1.1,
        campaigns=("asa_brand", "asa_discovery"),
        adsets=("exact", "match"),
        platforms=("ios",),
    ),
    Source(
        "unity_ads",
        "network",
        effect=0.2,
        volume=12,
        growth=0.0,
        clicks=0.3,
        late=0.9,
        click_usd=0.18,
        campaigns=("rewarded_video",),
        adsets=("puzzle_fans", "casual"),
        sites=("unity_1001", "unity_1002", "unity_1003"),
    ),
    Source(
        "influencer",
        "creator",
        effect=1.0,
        volume=8,
        growth=0.02,
        clicks=0.2,
        late=0.3,
        click_usd=0.8,
        campaigns=("spring_creators",),
        adsets=("gaming", "lifestyle"),
    ),
    Source(
        "email",
        "owned",
        effect=0.5,
        volume=6,
        growth=0.0,
        clicks=0.6,
        late=1.0,
        click_usd=0.02,
        campaigns=("newsletter", "win_back"),
        adsets=("all",),
    ),
)

RETARGETING = Source(
    "applovin",
    "network",
    effect=0.03,
    volume=0,
    growth=0.0,
    clicks=0.85,
    late=1.0,
    click_usd=0.25,
    campaigns=("retarget_viewers",),
    adsets=("visited_30d", "cart"),
    sites=("max_2001", "max_2002"),
)

EVERY_SOURCE = (*SOURCES, RETARGETING)


@dataclass(frozen=True, slots=True)
class Country:
    """Where people live: their share, their language, and how far their clocks are from UTC."""

    code: str
    language: str
    share: float
    utc_offset_hours: int
    ios_share: float


COUNTRIES = (
    Country("US", "en-US", 34, -6, 0.56),
    Country("DE", "de-DE", 18, 1, 0.38),
    Country("GB", "en-GB", 14, 0, 0.50),
    Country("FR", "fr-FR", 12, 1, 0.35),
    Country("BR", "pt-BR", 12, -3, 0.18),
    Country("JP", "ja-JP", 10, 9, 0.62),
)

DEVICES = {
    "android": (("Pixel 9", "16"), ("Galaxy S25", "15"), ("Redmi Note 14", "15"), ("Galaxy A56", "15")),
    "ios": (("iPhone17,1", "26.1"), ("iPhone16,1", "18.6"), ("iPhone14,5", "18.6")),
}

WEEKDAY_WEIGHTS = (0.92, 0.90, 0.93, 0.98, 1.08, 1.24, 1.20)
"""Monday to Sunday."""

HOUR_WEIGHTS = (3, 2, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 9, 9, 8, 8, 9, 10, 12, 14, 15, 14, 10, 6)
"""By the hour of the person's own clock."""
