"""Tracking links: what a tenant says of each, where it may lead, and the apps that open a tenant's links themselves."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

TOUCH_FIELDS = (
    *("media_source", "channel", "campaign", "campaign_id", "adset", "adset_id", "ad", "ad_id", "keyword", "site_id"),
    *("sub1", "sub2", "sub3", "sub4", "sub5"),
)
"""What a link says of the touches made through it; the names are those of the events' fields."""

CALLER_FIELDS = frozenset(TOUCH_FIELDS) - {"media_source", "channel"}
"""Those of them that the query string may set: ad networks fill them in. Who gets the credit, the link alone says."""

CALLER_IDS = ("gaid", "idfa", "idfv", "oaid")
AD_CLICK_IDS = ("gclid", "fbclid", "ttclid")

MACROS = frozenset({"click_id", "link_id", *TOUCH_FIELDS, *CALLER_IDS, *AD_CLICK_IDS})
"""What may stand in braces in a destination."""

ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#{}]*)(.*)")
"""Scheme, authority, and the rest, in which alone macros may stand."""

MACRO = re.compile(r"\{(\w+)\}")

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?")
_APP_HOST = re.compile(r"[A-Za-z0-9._~-]*(:\d{1,5})?")
_REST = re.compile(r"([/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%{}-]*)?")
_PLAY_REFERRER = re.compile(r"https?://play\.google\.com/[^#]*[?&]referrer=", re.IGNORECASE)
_WEB_SCHEMES = frozenset({"http", "https"})
_REFUSED_SCHEMES = frozenset(
    {
        *("javascript", "data", "vbscript", "file", "blob", "filesystem", "about", "view-source", "chrome", "resource"),
        # Android opens what an intent names as its fallback: another address, hidden in this one.
        *("intent", "android-app", "content", "ftp", "ws", "wss", "jar", "mailto", "tel", "sms"),
    }
)


def _checked_parts(text: str) -> tuple[str, str]:
    parts = ADDRESS.fullmatch(text)
    if parts is None:
        raise ValueError("must begin with a scheme, :// and a host, and the host can hold no macro")
    scheme, authority, rest = parts.groups()
    if not _REST.fullmatch(rest):
        raise ValueError("holds a character that an address cannot have; write it percent-encoded")
    unknown = sorted({name for name in MACRO.findall(rest) if name not in MACROS})
    if unknown:
        raise ValueError(f"has unknown macros: {', '.join(unknown)}; known are: {', '.join(sorted(MACROS))}")
    if "{" in (bare := MACRO.sub("", rest)) or "}" in bare:
        raise ValueError("has a brace that belongs to no macro")
    return scheme.lower(), authority


def _web_address(text: str) -> str:
    scheme, authority = _checked_parts(text)
    if scheme not in _WEB_SCHEMES:
        raise ValueError("must be an http or https address")
    if not _HOST.fullmatch(authority):
        raise ValueError("must name a plain host, without user or password")
    return text


def _app_address(text: str) -> str:
    scheme, authority = _checked_parts(text)
    if scheme in _WEB_SCHEMES:
        return _web_address(text)
    if scheme in _REFUSED_SCHEMES:
        raise ValueError(f"may not have the scheme {scheme}")
    if not _APP_HOST.fullmatch(authority):
        raise ValueError("must name a plain host, without user or password")
    return text


LinkId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")
]
WebAddress = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_web_address)]
AppAddress = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_app_address)]


class LinkFields(BaseModel):
    """A tracking link without its id: what its touches are recorded as, and where it leads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text | None = Field(None, description="What people call it.")
    app_id: Text | None = Field(None, description="The app it advertises: a touch for one app never wins another's.")
    media_source: Text = Field(description="Who shows it, and gets the credit.")
    channel: Text | None = None
    campaign: Text | None = None
    campaign_id: Text | None = None
    adset: Text | None = None
    adset_id: Text | None = None
    ad: Text | None = None
    ad_id: Text | None = None
    keyword: Text | None = None
    site_id: Text | None = None
    sub1: Text | None = None
    sub2: Text | None = None
    sub3: Text | None = None
    sub4: Text | None = None
    sub5: Text | None = None
    cost_value: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}(\.[0-9]{1,9})?$")] | None = Field(
        None, description="What one unit of the cost model costs, as a decimal."
    )
    cost_model: Literal["cpi", "cpc", "cpm", "cpa"] | None = None
    cost_currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    ios_store_url: WebAddress | None = Field(None, description="Where an iPhone or iPad goes.")
    android_store_url: WebAddress | None = Field(None, description="Where an Android device goes.")
    web_url: WebAddress | None = Field(None, description="Where a desktop browser goes.")
    deep_link_url: AppAddress | None = Field(
        None, description="A place in the app; a device without a store address above goes there at once."
    )
    fallback_url: WebAddress | None = Field(None, description="Where everybody else goes.")

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        places = (
            *(self.ios_store_url, self.android_store_url, self.web_url),
            *(self.deep_link_url, self.fallback_url),
        )
        if not any(places):
            raise ValueError("a link needs a destination: a store, a web address, a deep link or a fallback")
        if self.android_store_url and _PLAY_REFERRER.match(self.android_store_url):
            raise ValueError("android_store_url: the referrer of Google Play is written by the platform; leave it out")
        costs = (self.cost_value, self.cost_model, self.cost_currency)
        if any(costs) and not all(costs):
            raise ValueError("cost_value, cost_model and cost_currency go together")
        return self


class NewLink(LinkFields):
    """A link to be made; without an id it is given one."""

    link_id: LinkId | None = Field(None, description="Letters, digits, - and _: the last part of the link's address.")


class Link(LinkFields):
    """A tenant's tracking link."""

    link_id: LinkId


class AndroidApp(BaseModel):
    """An Android app that opens the tenant's links: its package, and SHA-256 fingerprints of its certificates."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]\w*(\.[A-Za-z]\w*)+$", max_length=255)]
    sha256_cert_fingerprints: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^([0-9A-F]{2}:){31}[0-9A-F]{2}$")], ...],
        Field(min_length=1, max_length=20),
    ]


class AppLinks(BaseModel):
    """The apps that may open the links of a tenant's host without a browser."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    apple_app_ids: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}\.[A-Za-z0-9.-]{1,155}$")], ...],
        Field(max_length=20, description="Team id, a dot, bundle id."),
    ] = ()
    android_apps: Annotated[tuple[AndroidApp, ...], Field(max_length=20)] = ()
