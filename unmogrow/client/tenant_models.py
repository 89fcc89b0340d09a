"""Models of the tenant plane, as openapi/tenant.json says: made by `make openapi`, never edited."""

from __future__ import annotations

from datetime import date as date_aliased
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from unmogrow.client.shape import Shape


class Acceptance(Shape):
    """The token of an invitation or reset link, and the password that its user chooses."""

    token: str
    password: str


class Agreement(Shape):
    """Judged installs by the verdict that they have and the one that they would have."""

    now: Literal["valid", "suspect", "rejected"]
    then: Literal["valid", "suspect", "rejected"]
    conversions: int


class Alive(Shape):
    """The process answers."""

    status: Literal["ok"]


class AndroidApp(Shape):
    """An Android app that opens the tenant's links: its package, and SHA-256 fingerprints of its certificates."""

    package_name: str
    sha256_cert_fingerprints: list[str]


class Anomaly(Shape):
    """
    An install that scores above the threshold of the learned model, and above `score_max`.

    Off: it knows what is unusual, not what is bought. The score itself stands in every result where there is a model.
    """

    mode: Literal["off", "shadow", "on"] = "off"
    score_max: float = 0.0


class AnomalyShown(Shape):
    """How unlike all others an install is, from 0 to 1: a suspicion beside the rules. 1 % lie above the threshold."""

    score: float
    threshold: float
    model_id: str


class ApiKey(Shape):
    """A key as it may be shown: its first letters, and the last day (UTC) on which it was used."""

    key_id: str
    name: str
    kind: Literal["write", "secret"]
    scopes: list[Literal["ingest", "read", "write"]]
    key_prefix: str
    created_at: AwareDatetime
    created_by: str
    last_used_on: date_aliased | None


class ApiKeyListing(Shape):
    data: list[ApiKey]


class AppLinks(Shape):
    """The apps that may open the links of a tenant's host without a browser."""

    apple_app_ids: list[str] = []
    """Team id, a dot, bundle id."""
    android_apps: Annotated[list[AndroidApp], Field(validate_default=True)] = []


class AskedRecompute(Shape):
    """Which conversions, by when they happened, under which policy: a version, or a document, which becomes one."""

    policy_version: int | None = None
    policy: dict[str, Any] | None = None
    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    dry_run: bool = True
    """Only show the difference; otherwise adopt it as soon as it is known."""


class AskedRetry(Shape):
    """Which conversions; left out: all that failed."""

    conversion_ids: list[str] | None = None


class AskedRollback(Shape):
    """Of which kind the champion before is to count again."""

    model: Literal["conversion", "pltv", "anomaly"]


class AssistRow(Shape):
    """Conversions that a channel assisted (a touch, not the last), closed, and began; ratio null: it closed none."""

    channel: str
    assisted: float
    last_touch: float
    first_touch: float
    ratio: float | None


class AuditActor(Shape):
    """Who did something: users by id and email, keys by id and name; `nobody` is whoever failed to log in."""

    kind: Literal["user", "key", "platform", "system", "nobody"]
    id: str
    label: str


class AuditRecord(Shape):
    """Something that was done, to what, by whom, and from where."""

    audit_id: int
    at: AwareDatetime
    actor: AuditActor
    action: str
    subject: str
    ip: str
    request_id: str
    detail: dict[str, Any]


class AuditRecordPage(Shape):
    data: list[AuditRecord]
    next_cursor: str | None


class Brand(Shape):
    """The tenant's name on its site, and the colour of what can be pressed there. Null: as the platform has it."""

    name: str | None = None
    accent: str | None = None


class CalibrationWeek(Shape):
    """What was foretold of the journeys that ended in a week, and what happened, as mean and as share."""

    week: date_aliased
    journeys: float
    predicted: float
    actual: float


class CampaignDocument(Shape):
    """A campaign with its id, and when it was made and last changed."""

    name: str
    """What people call it."""
    media_source: str
    """Who runs it, as events name it."""
    channel: str | None = None
    campaign: str
    """The name that its events and costs bear."""
    starts_on: date_aliased | None = None
    ends_on: date_aliased | None = None
    """Its last day."""
    budget: str | None = None
    currency: str | None = None
    note: str | None = None
    campaign_id: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


class CampaignDocumentPage(Shape):
    data: list[CampaignDocument]
    next_cursor: str | None


class CampaignFields(Shape):
    """A campaign without its id. Budget is a decimal as text, and goes together with its currency."""

    name: str
    """What people call it."""
    media_source: str
    """Who runs it, as events name it."""
    channel: str | None = None
    campaign: str
    """The name that its events and costs bear."""
    starts_on: date_aliased | None = None
    ends_on: date_aliased | None = None
    """Its last day."""
    budget: str | None = None
    currency: str | None = None
    note: str | None = None


class CertainRule(Shape):
    """A rule that leaves nothing to judge."""

    mode: Literal["off", "shadow", "on"] = "on"


class ChangedField(Shape):
    """A field of the answer, before and after a revision."""

    field: str
    before: Any
    after: Any


class ChannelRow(Shape):
    """
    What a model gives a channel; the interval is null where none was asked for.

    `ties`: channels from which it is not told apart. `effect`: the removal effect. `by_rank`: credit by place.
    """

    model: Literal[
        "first",
        "last",
        "last_non_direct",
        "linear",
        "time_decay",
        "position",
        "w_shaped",
        "custom",
        "markov",
        "shapley",
        "shapley_ordered",
        "shapley_rate",
        "data_driven",
    ]
    channel: str
    credit: float
    share: float
    low: float | None
    high: float | None
    ties: list[str]
    effect: float | None
    by_rank: list[float]


class ClaimFinding(Shape):
    """What a rule found of the touch that claims a conversion, or (`touch_id` null) of the conversion itself."""

    rule: Literal[
        "click_injection",
        "blocked_device",
        "blocked_ip",
        "blocked_site",
        "blocked_user_agent",
        "declared_bot",
        "data_center",
        "impossible_order",
        "impossible_version",
        "version_backward",
        "impossible_travel",
        "duplicate_device",
        "device_farm",
        "short_ctit",
        "install_hijacking",
        "click_flooding",
        "geo_mismatch",
        "anomaly",
    ]
    mode: Literal["off", "shadow", "on"]
    touch_id: str | None
    goes_to: str
    """The source that has it if the rule is on, or would have it if it were."""
    explanation: str
    evidence: dict[str, Any]
    is_fraud: bool | None
    """What somebody who looked into it says; null: nobody did."""


class ClickFlooding(Shape):
    """
    A site whose clicks come at random times, so that installs follow them by chance.

    Genuine installs follow their click within minutes; by chance, the time between is flat. A site is flagged if it has
    enough installs, more than a share of them later than an hour, and a distribution that is farther from that of its
    neighbours than chance and the distance allow: Kolmogorov-Smirnov over sites, Benjamini-Hochberg (1995) for the
    false discovery rate. Or if it has very many clicks that hardly ever lead to an install.
    """

    mode: Literal["off", "shadow", "on"] = "shadow"
    days: int = 30
    installs_min: int = 100
    late_ctit_seconds: float = 3600.0
    late_share_max: float = 0.6
    ks_distance_max: float = 0.3
    false_discovery_rate: float = 0.01
    clicks_min: int = 10000
    install_rate_min: float = 0.0005


class ConversionCounts(Shape):
    """How many conversions wait for their result now, and how many were given up."""

    pending: int
    failed: int


class Cost(Shape):
    """A cost with its number."""

    media_source: str
    campaign: str = ""
    adset: str = ""
    date: date_aliased
    app_id: str = ""
    country: str = ""
    cost: str
    currency: str
    """ISO 4217."""
    cost_id: int
    updated_at: AwareDatetime


class CostFields(Shape):
    """What a day of a source cost. Empty: the cost does not say it; amounts are decimals as text."""

    media_source: str
    campaign: str = ""
    adset: str = ""
    date: date_aliased
    app_id: str = ""
    country: str = ""
    cost: str
    currency: str
    """ISO 4217."""


class CostPage(Shape):
    data: list[Cost]
    next_cursor: str | None


class Credentials(Shape):
    """What a person logs in with."""

    email: str
    password: str


class DayCounts(Shape):
    """Claims of a day that a rule speaks against."""

    day: date_aliased
    rule: str
    mode: str
    claims: int


class DeviceFarm(Shape):
    """
    Many new devices behind one address: more than `devices_max` within `minutes`.

    Carriers and universities put thousands of people behind one address: look at what it flags before it is turned on.
    """

    mode: Literal["off", "shadow", "on"] = "shadow"
    devices_max: int = 20
    minutes: int = 60


class DriftWeek(Shape):
    """
    How far each feature has moved from what the model was trained on, in a week from Monday (UTC).

    PSI below 0.1: nothing moved; from 0.25 on the model sees another population.
    """

    week: date_aliased
    rows: int
    psi: dict[str, float]


class DuplicateDevice(Shape):
    """One advertising id that installs one app again and again: more than `installs_max` within `days`."""

    mode: Literal["off", "shadow", "on"] = "shadow"
    installs_max: int = 3
    days: int = 30


class Estimate(Shape):
    """A figure with its 95 % interval, None where none was computed."""

    value: float
    low: float | None = None
    high: float | None = None


class EventSchema(Shape):
    """One version of the schema of an event name's properties; `on_violation` is reject or flag."""

    event_name: str
    version: int
    on_violation: str
    definition: dict[str, Any]
    created_at: AwareDatetime
    created_by: str


class EventSchemaListing(Shape):
    data: list[EventSchema]


class EventTypes(Shape):
    """Every event type."""

    event_types: list[str]


class Fault(Shape):
    """One thing wrong with an event: JSON Pointer, explanation, kind."""

    pointer: str
    detail: str
    code: str


class Figures(Shape):
    """Sums and ratios; docs/reports.md has the definition of each. A ratio is null where its denominator is zero."""

    impressions: int
    clicks: int
    installs: int
    organic_installs: int
    reinstalls: int
    actions: int
    organic_actions: int
    purchases: int
    rejected: int
    sessions: int
    events: int
    users: int
    revenue: str
    organic_revenue: str
    cost: str
    ctr: float | None
    cvr: float | None
    ecpm: str | None
    cpi: str | None
    cpa: str | None
    roas: float | None
    arpu: str | None


class FloodingSite(Shape):
    """A site that floods, and why."""

    app_id: str
    media_source: str
    site_id: str
    explanation: str
    evidence: dict[str, Any]


class FlowLink(Shape):
    """People who went from a channel at a step (from 1) on to another, to the end, or past what is shown."""

    step: int
    source: str
    target: str
    people: float
    conversions: float


class FlowNode(Shape):
    """A channel at a step, and how many people were there."""

    step: int
    channel: str
    people: float


class Forgotten(Shape):
    """Whose password is forgotten."""

    email: str


class FraudFindingShown(Shape):
    """What a rule found: of a touch, or (null) of the conversion; the sentence, and the numbers that it rests on."""

    rule: Literal[
        "click_injection",
        "blocked_device",
        "blocked_ip",
        "blocked_site",
        "blocked_user_agent",
        "declared_bot",
        "data_center",
        "impossible_order",
        "impossible_version",
        "version_backward",
        "impossible_travel",
        "duplicate_device",
        "device_farm",
        "short_ctit",
        "install_hijacking",
        "click_flooding",
        "geo_mismatch",
        "anomaly",
    ]
    mode: Literal["off", "shadow", "on"]
    touch_id: str | None
    explanation: str
    evidence: dict[str, Any]


class FraudLabel(Shape):
    """What a person says of a rule's finding about a conversion."""

    conversion_id: str
    rule: Literal[
        "click_injection",
        "blocked_device",
        "blocked_ip",
        "blocked_site",
        "blocked_user_agent",
        "declared_bot",
        "data_center",
        "impossible_order",
        "impossible_version",
        "version_backward",
        "impossible_travel",
        "duplicate_device",
        "device_farm",
        "short_ctit",
        "install_hijacking",
        "click_flooding",
        "geo_mismatch",
        "anomaly",
    ]
    is_fraud: bool
    note: str
    labelled_by: str
    labelled_at: AwareDatetime


class FraudLabels(Shape):
    """What was said of each finding."""

    data: list[FraudLabel]


class FraudListShown(Shape):
    """A list, with `version` 0 if it was never written."""

    kind: Literal["ip", "site", "device", "user_agent", "datacenter"]
    version: int
    size: int
    entries: list[str]
    updated_by: str | None
    updated_at: AwareDatetime | None


class FraudReviewShown(Shape):
    """A review and how far it came: `changed` conversions were sent to be attributed again."""

    review_id: str
    state: Literal["queued", "running", "done", "failed"]
    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    sites: int
    judged: int
    changed: int
    error: str | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class FraudReviewShownListing(Shape):
    data: list[FraudReviewShown]


class Freshness(Shape):
    """How far the store is behind what came: null times if nothing ever came, an age of 0 if nothing waits."""

    received_at: AwareDatetime | None
    stored_at: AwareDatetime | None
    waiting_events: int
    waiting_bytes: int
    waiting_age_seconds: float


class Grounds(Shape):
    """Why a touch won or lost, without words: the ground, and what a sentence about it names. Spans are seconds."""

    ground: Literal[
        "only_touch",
        "latest_view",
        "only_click",
        "only_certain_click",
        "latest_click",
        "earlier",
        "beaten_by_click",
        "beaten_by_certainty",
        "weaker_match",
        "received_later",
        "later_id",
        "duplicate",
        "outside_window",
        "no_window",
        "before_install",
        "after_conversion",
        "other_app",
        "no_consent",
        "fraud",
    ]
    values: dict[str, str | float]


class Health(Shape):
    """Each part as it was measured just now."""

    status: Literal["ok", "degraded"]
    tenant: str | None = None
    components: dict[str, Literal["ok", "down"]]


class ImportRejection(Shape):
    """A row that was not accepted."""

    row: int
    event_id: str | None
    errors: list[Fault]


class ImportSummary(Shape):
    """An import, and how far it came; `rows_done` = accepted + duplicates + rejected."""

    import_id: str
    state: Literal["queued", "running", "done", "failed"]
    filename: str
    format: Literal["ndjson", "csv", "parquet"]
    dry_run: bool
    mapping: dict[str, str | None]
    unknown: Literal["properties", "reject"]
    bytes_total: int
    bytes_done: int
    rows_done: int
    accepted: int
    duplicates: int
    rejected: int
    error: str | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class ImportSummaryPage(Shape):
    data: list[ImportSummary]
    next_cursor: str | None


class ImpossibleOrder(Shape):
    """An event before its own install; clocks of one device may differ by `tolerance_seconds`."""

    mode: Literal["off", "shadow", "on"] = "shadow"
    tolerance_seconds: float = 60.0


class ImpossibleTravel(Shape):
    """
    A click in one country and the install in another, sooner than an airliner (900 km/h) gets there.

    The distance is that of the countries' centres, so neighbours and roaming telephones count against it.
    """

    mode: Literal["off", "shadow", "on"] = "shadow"
    km_per_hour_max: float = 900.0


class InstallHijacking(Shape):
    """
    A click of another source just before the install, while an earlier one had led for hours.

    30 s: malware learns of an install from the system's broadcast and clicks at once. Two hours: within one sitting,
    people do click two advertisements.
    """

    mode: Literal["off", "shadow", "on"] = "shadow"
    before_install_seconds: float = 30.0
    led_hours_min: float = 2.0


class InvitedUser(Shape):
    """A user who was invited just now; the link is null if it was sent by mail."""

    user_id: str
    email: str
    role: Literal["owner", "analyst", "viewer"]
    state: Literal["invited", "active"]
    created_at: AwareDatetime
    last_login_at: AwareDatetime | None
    invitation_url: str | None


class JobLine(Shape):
    """Something that a job said."""

    at: AwareDatetime
    line: str


class JobProgress(Shape):
    """
    How far a job came: steps of a tenant's life, rows and bytes of an import, conversions that were judged again.

    `current` is what it is at; within its step, a training has come to `stage_done` rows of `stage_total`.
    """

    unit: Literal["steps", "rows", "conversions"]
    done: int
    total: int | None
    """Null where it is not known before the end."""
    current: str | None
    bytes_done: int | None = None
    bytes_total: int | None = None
    stage_done: int | None = None
    stage_total: int | None = None


class JudgedConversionShown(Shape):
    """A conversion whose claim rules speak against."""

    conversion_id: str
    conversion_time: AwareDatetime
    claimed_media_source: str
    claimed_campaign: str
    claimed_site_id: str
    findings: list[ClaimFinding]


class JudgedConversionShownPage(Shape):
    data: list[JudgedConversionShown]
    next_cursor: str | None


class KeySet(Shape):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class LagRow(Shape):
    """Conversions by the hours from the first and from the last touch; `until_hours` null: or longer."""

    from_hours: int
    until_hours: int | None
    from_first_touch: float
    from_last_touch: float


class LearningJobWithLogs(Shape):
    """A training or an export of the tenant, with its newest log lines."""

    job_id: str
    tenant_id: str
    kind: Literal["provision", "delete", "import", "retrain", "lake_export", "recompute", "fraud-review"]
    state: Literal["queued", "running", "done", "failed"]
    progress: JobProgress
    error: str | None
    """Of a running job: why its step is tried again."""
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    model: Literal["conversion", "pltv", "anomaly"] | None = None
    """Of a training: which kind of model."""
    verdict: str | None = None
    """Of a training: what was decided about its model."""
    logs: list[JobLine]


class LedgerStep(Shape):
    """One minute, hour or day."""

    received: int
    accepted: int
    duplicates: int
    rejected: int
    stored: int
    quarantined: int
    waiting: int
    time: AwareDatetime


class LedgerSums(Shape):
    """received = stored + waiting + duplicates + quarantined + rejected."""

    received: int
    accepted: int
    duplicates: int
    rejected: int
    stored: int
    quarantined: int
    waiting: int


class LengthRow(Shape):
    """Journeys by their number of touches; the row of 20 stands for longer ones, too."""

    touches: int
    conversions: float
    nulls: float


class LineFault(Shape):
    """What is wrong with which line; the header is line 1."""

    line: int
    field: str
    detail: str


class LinkDocument(Shape):
    """A link, and its addresses."""

    name: str | None = None
    """What people call it."""
    app_id: str | None = None
    """The app it advertises: a touch for one app never wins another's."""
    media_source: str
    """Who shows it, and gets the credit."""
    channel: str | None = None
    campaign: str | None = None
    campaign_id: str | None = None
    adset: str | None = None
    adset_id: str | None = None
    ad: str | None = None
    ad_id: str | None = None
    keyword: str | None = None
    site_id: str | None = None
    sub1: str | None = None
    sub2: str | None = None
    sub3: str | None = None
    sub4: str | None = None
    sub5: str | None = None
    cost_value: str | None = None
    """What one unit of the cost model costs, as a decimal."""
    cost_model: Literal["cpi", "cpc", "cpm", "cpa"] | None = None
    cost_currency: str | None = None
    ios_store_url: str | None = None
    """Where an iPhone or iPad goes."""
    android_store_url: str | None = None
    """Where an Android device goes."""
    web_url: str | None = None
    """Where a desktop browser goes."""
    deep_link_url: str | None = None
    """A place in the app; a device without a store address above goes there at once."""
    fallback_url: str | None = None
    """Where everybody else goes."""
    link_id: str
    click_url: str
    impression_url: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


class LinkDocumentPage(Shape):
    data: list[LinkDocument]
    next_cursor: str | None


class LinkFields(Shape):
    """A tracking link without its id: what its touches are recorded as, and where it leads."""

    name: str | None = None
    """What people call it."""
    app_id: str | None = None
    """The app it advertises: a touch for one app never wins another's."""
    media_source: str
    """Who shows it, and gets the credit."""
    channel: str | None = None
    campaign: str | None = None
    campaign_id: str | None = None
    adset: str | None = None
    adset_id: str | None = None
    ad: str | None = None
    ad_id: str | None = None
    keyword: str | None = None
    site_id: str | None = None
    sub1: str | None = None
    sub2: str | None = None
    sub3: str | None = None
    sub4: str | None = None
    sub5: str | None = None
    cost_value: str | None = None
    """What one unit of the cost model costs, as a decimal."""
    cost_model: Literal["cpi", "cpc", "cpm", "cpa"] | None = None
    cost_currency: str | None = None
    ios_store_url: str | None = None
    """Where an iPhone or iPad goes."""
    android_store_url: str | None = None
    """Where an Android device goes."""
    web_url: str | None = None
    """Where a desktop browser goes."""
    deep_link_url: str | None = None
    """A place in the app; a device without a store address above goes there at once."""
    fallback_url: str | None = None
    """Where everybody else goes."""


class MadeKey(Shape):
    """A key that was made just now: the only answer that shows all of it."""

    key_id: str
    name: str
    kind: Literal["write", "secret"]
    scopes: list[Literal["ingest", "read", "write"]]
    key_prefix: str
    created_at: AwareDatetime
    created_by: str
    last_used_on: date_aliased | None
    key: str


class Me(Shape):
    """Who a token belongs to, and the tenant's id and name."""

    user_id: str
    email: str
    role: Literal["owner", "analyst", "viewer"]
    tenant_id: str
    name: str


class MetricValue(Shape):
    """
    One measure of one model on one set of rows.

    `metric` is for example `log_loss`, `auc`, `calibration_error`, `total_ratio`; `subject` is `model`, or the baseline
    that it is compared with (`last_touch`, `logistic`, `global`); `split` is `holdout` or `train`.
    """

    metric: str
    subject: str
    split: str
    estimate: Estimate


class ModelDescription(Shape):
    """A model, the parameters that concern it, and what it takes for granted."""

    model: Literal[
        "first",
        "last",
        "last_non_direct",
        "linear",
        "time_decay",
        "position",
        "w_shaped",
        "custom",
        "markov",
        "shapley",
        "shapley_ordered",
        "shapley_rate",
        "data_driven",
    ]
    is_data_driven: bool
    parameters: dict[str, int | float | str | list[float]]
    note: str


class Move(Shape):
    """Conversions that go from who claimed them to somebody else, or would if the rules in shadow were on."""

    mode: str
    from_media_source: str
    to_media_source: str
    conversions: int


class MovedConversion(Shape):
    """A conversion whose answer changes: by field, before and after."""

    conversion_id: str
    changes: dict[str, list[Any]]


class NewEventSchema(Shape):
    """A schema, and what becomes of an event that violates it: a dead letter, or a mark in `schema_violation`."""

    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    """JSON Schema (draft 2020-12) of `properties`."""
    on_violation: Literal["reject", "flag"] = "reject"


class NewKey(Shape):
    """A key to make: a write key may send events, with no scope named; a secret key may do what its scopes say."""

    name: str
    kind: Literal["write", "secret"]
    scopes: list[Literal["ingest", "read", "write"]] = []


class NewLabel(Shape):
    """What somebody who looked into a conversion says of its findings: of one rule, or of all."""

    conversion_id: str
    rule: (
        Literal[
            "click_injection",
            "blocked_device",
            "blocked_ip",
            "blocked_site",
            "blocked_user_agent",
            "declared_bot",
            "data_center",
            "impossible_order",
            "impossible_version",
            "version_backward",
            "impossible_travel",
            "duplicate_device",
            "device_farm",
            "short_ctit",
            "install_hijacking",
            "click_flooding",
            "geo_mismatch",
            "anomaly",
        ]
        | None
    ) = None
    is_fraud: bool
    """True: the finding is right. False: it accuses the innocent."""
    note: str = ""


class NewLink(Shape):
    """A link to be made; without an id it is given one."""

    name: str | None = None
    """What people call it."""
    app_id: str | None = None
    """The app it advertises: a touch for one app never wins another's."""
    media_source: str
    """Who shows it, and gets the credit."""
    channel: str | None = None
    campaign: str | None = None
    campaign_id: str | None = None
    adset: str | None = None
    adset_id: str | None = None
    ad: str | None = None
    ad_id: str | None = None
    keyword: str | None = None
    site_id: str | None = None
    sub1: str | None = None
    sub2: str | None = None
    sub3: str | None = None
    sub4: str | None = None
    sub5: str | None = None
    cost_value: str | None = None
    """What one unit of the cost model costs, as a decimal."""
    cost_model: Literal["cpi", "cpc", "cpm", "cpa"] | None = None
    cost_currency: str | None = None
    ios_store_url: str | None = None
    """Where an iPhone or iPad goes."""
    android_store_url: str | None = None
    """Where an Android device goes."""
    web_url: str | None = None
    """Where a desktop browser goes."""
    deep_link_url: str | None = None
    """A place in the app; a device without a store address above goes there at once."""
    fallback_url: str | None = None
    """Where everybody else goes."""
    link_id: str | None = None
    """Letters, digits, - and _: the last part of the link's address."""


class NewPolicy(Shape):
    """A policy to be kept as the next version; a field that is left out takes its default."""

    policy: dict[str, Any]
    """The choices; GET /api/v1/policies shows every field with its value."""
    note: str = ""
    """What it is for, for those who come later."""


class NewReportSettings(Shape):
    """What to set for reports, and which pages may call the API on the tenant's host from a browser."""

    currency: str
    """ISO 4217."""
    time_zone: str
    allowed_origins: list[str] | None = None
    """Origins of pages that may call with a token or key of their own; left out: as they were."""
    contributes_to_global_model: bool | None = None
    """Whether models of all tenants may learn from this one's journeys; left out: as it was."""


class NewRetrain(Shape):
    """Which model to train anew; without a seed, the platform's."""

    model: Literal["conversion", "pltv", "anomaly"]
    seed: int | None = None


class NewReview(Shape):
    """How many days back conversions are judged again."""

    days: int = 7


class NewUser(Shape):
    """Whom to invite, and as what."""

    email: str
    role: Literal["owner", "analyst", "viewer"]


class PasswordChange(Shape):
    """The password that is, and the one that shall be."""

    password: str
    new_password: str


class PathRow(Shape):
    """A path, and what became of the people who went it; `rate` is converted to all."""

    path: list[str]
    conversions: float
    nulls: float
    rate: float
    value: float


class PerformanceRow(Shape):
    """Figures of a day (overview) and of a source; of the fields of the breakdown, those that were asked for."""

    impressions: int
    clicks: int
    installs: int
    organic_installs: int
    reinstalls: int
    actions: int
    organic_actions: int
    purchases: int
    rejected: int
    sessions: int
    events: int
    users: int
    revenue: str
    organic_revenue: str
    cost: str
    ctr: float | None
    cvr: float | None
    ecpm: str | None
    cpi: str | None
    cpa: str | None
    roas: float | None
    arpu: str | None
    day: date_aliased | None = None
    media_source: str | None = None
    channel: str | None = None
    campaign: str | None = None
    adset: str | None = None
    ad: str | None = None
    site_id: str | None = None
    country: str | None = None
    platform: str | None = None
    app_id: str | None = None


class PersonEdge(Shape):
    """A link between two ids, and the first event that made it."""

    edge_id: int
    user_id: str
    kind: Literal["user_id", "advertising_id", "vendor_id", "anonymous_id"]
    value: str
    event_id: str
    linked_at: AwareDatetime
    recorded_at: AwareDatetime
    removed_at: AwareDatetime | None
    removed_by: str | None


class PersonKey(Shape):
    """One id of a person."""

    kind: Literal["user_id", "advertising_id", "vendor_id", "anonymous_id"]
    value: str


class PlaceCounts(Shape):
    """Claims of a source, or of a site of it, that a rule speaks against."""

    media_source: str
    site_id: str
    rule: str
    mode: str
    claims: int


class PltvHorizon(Shape):
    """A horizon, and the share of later cohorts whose total lay in their bands when the model was trained."""

    days: int
    coverage: float | None


class PolicyDetails(Shape):
    """A version of the policy; `policy` has every field, also those that were left out."""

    version: int
    policy: dict[str, Any]
    note: str
    created_by: str
    created_at: AwareDatetime
    adopted_at: AwareDatetime | None
    adopted_by: str | None
    is_adopted: bool


class PolicyListing(Shape):
    """Every version, newest first, and the one in force."""

    adopted_version: int
    data: list[PolicyDetails]


class PreviewedPlace(Shape):
    """Judged installs that a site claims."""

    media_source: str
    site_id: str
    installs: int
    suspect: int
    rejected: int


class PreviewedRule(Shape):
    """Claims that a rule would flag, and those that would change hands: of the judged, and estimated for all."""

    rule: Literal[
        "click_injection",
        "blocked_device",
        "blocked_ip",
        "blocked_site",
        "blocked_user_agent",
        "declared_bot",
        "data_center",
        "impossible_order",
        "impossible_version",
        "version_backward",
        "impossible_travel",
        "duplicate_device",
        "device_farm",
        "short_ctit",
        "install_hijacking",
        "click_flooding",
        "geo_mismatch",
        "anomaly",
    ]
    mode: Literal["off", "shadow", "on"]
    flagged: int
    moved: int
    estimated_flagged: int
    estimated_moved: int


class PromotionShown(Shape):
    """One change of who is champion; `model_id` null: since then the scope has none."""

    model_id: str | None
    previous_model_id: str | None
    promoted_by: str
    reason: str
    at: AwareDatetime


class RateFields(Shape):
    """What one unit of `currency` was worth in `quote`, the tenant's currency, from a day on."""

    date: date_aliased
    currency: str
    """ISO 4217."""
    rate: str
    quote: str
    """ISO 4217."""


class RateFieldsPage(Shape):
    data: list[RateFields]
    next_cursor: str | None


class ReasonCount(Shape):
    """How many dead letters wait that have a fault of the same kind at the same place; `newest_id` is one of them."""

    stage: str
    reason: str
    event_type: str | None
    pointer: str
    events: int
    first_at: AwareDatetime
    last_at: AwareDatetime
    newest_id: int


class ReasonCountListing(Shape):
    data: list[ReasonCount]


class Received(Shape):
    """The messages are durable."""

    success: Literal[True]


class RejectedCost(Shape):
    """An amount as a decimal in text."""

    currency: str
    amount: str


class RejectedEvent(Shape):
    """An event of the request that was not accepted."""

    index: int
    event_id: str | None
    errors: list[Fault]


class RejectedLetter(Shape):
    """An event that is not in the store, and why; `raw` in the place of `event` if it is no JSON or was cut."""

    dead_letter_id: int
    received_at: AwareDatetime
    stage: Literal["rejected", "quarantined"]
    event_id: str | None
    event_type: str | None
    reason: str
    errors: list[Fault]
    schema_version: str
    replayed_at: AwareDatetime | None
    event: Any | None = None
    raw: str | None = None


class RejectedLetterPage(Shape):
    data: list[RejectedLetter]
    next_cursor: str | None


class Renewal(Shape):
    """What goes on with, or ends, a session."""

    refresh_token: str


class Replay(Shape):
    """
    Which dead letters to send again, and how to mend them first.

    Without `ids` and filters, all that wait are meant; at most 1,000 are sent in one call.
    """

    ids: list[int] | None = None
    stage: Literal["rejected", "quarantined"] | None = None
    reason: str | None = None
    event_type: str | None = None
    patch: dict[str, Any] | None = None
    """JSON Merge Patch (RFC 7396) that is applied to each event."""
    event: dict[str, Any] | None = None
    """The event to send in the place of the one in `ids`, also if that is no JSON."""
    dry_run: bool = False
    """Only say what would become of them."""


class ReportSettings(Shape):
    """What is set for reports, the origins of pages that may call the API, and whether models of all learn from it."""

    currency: str
    """ISO 4217."""
    time_zone: str
    allowed_origins: list[str]
    contributes_to_global_model: bool


class ResetLink(Shape):
    """Where the user chooses another password; null if the link was sent by mail."""

    reset_url: str | None


class Retried(Shape):
    """How many conversions wait for a result again."""

    retried: int


class RoleChange(Shape):
    """What a user is to be."""

    role: Literal["owner", "analyst", "viewer"]


class RolledBack(Shape):
    """Which model counts now; null: none, and the scope does without."""

    model_id: str | None


class RuleChoice(Shape):
    """A rule without numbers."""

    mode: Literal["off", "shadow", "on"] = "shadow"


class RuleReport(Shape):
    """A rule's findings; `precision` is confirmed / (confirmed + refuted), null without labels."""

    rule: str
    mode: str
    conversions: int
    claims: int
    moved: int
    confirmed: int
    refuted: int
    precision: float | None


class SessionAnswer(Shape):
    """Tokens of a session; `expires_in` is in seconds."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int
    refresh_token: str


class SessionUser(Shape):
    """Whose a session is."""

    user_id: str
    email: str
    role: Literal["owner", "analyst", "viewer"]


class ShadowShown(Shape):
    """
    How a challenger did on rows that came after both were trained: `difference` is its loss less the champion's.

    With a 95 % interval; below 0 the challenger is the better one. Null before there are any.
    """

    rows: int | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: str | None


class SharedByModel(Shape):
    """How many journeys that converted a learned model has shared out."""

    model_id: str
    conversions: int


class ShortCtit(Shape):
    """
    A click this shortly before the install began.

    10 s is what most of the field uses (AppsFlyer, Adjust): a store page cannot be opened and an app cannot be fetched
    faster by hand. Measure your own first: a fast network and a small app come close to it.
    """

    mode: Literal["off", "shadow", "on"] = "shadow"
    ctit_seconds_min: float = 10.0


class SigningKey(Shape):
    """A token key: from when on it signs, and when the last of its tokens has expired."""

    kid: str
    state: Literal["next", "current", "retiring"]
    signs_from: AwareDatetime
    ends_at: AwareDatetime | None


class SigningKeyListing(Shape):
    data: list[SigningKey]


class SiteConfig(Shape):
    """What the tenant's site needs to know."""

    tenant_id: Annotated[str, Field(alias="TENANT_ID")]
    api_base: Annotated[str, Field(alias="API_BASE")]
    name: Annotated[str, Field(alias="NAME")]
    brand: Annotated[Brand, Field(alias="BRAND")]


class SiteCtit(Shape):
    """How a site's click-to-install times are spread over the buckets, beside those of its neighbours."""

    app_id: str
    media_source: str
    site_id: str
    installs: int
    late_share: float
    is_flooding: bool
    histogram: list[int]
    baseline: list[int]


class SourceDifference(Shape):
    """Conversions of a media source as they are, and as they would be."""

    media_source: str
    before: int
    after: int
    difference: int


class StandInShown(Shape):
    """
    Which model serves in the place of a champion that cannot be read or loaded.

    `model_id` null: none of its scope, so the global model or the rules.
    """

    model_id: str | None
    since: AwareDatetime


class StillRejected(Shape):
    """A dead letter that is still invalid."""

    index: int
    event_id: str | None
    errors: list[Fault]
    dead_letter_id: int


class StoredEvent(Shape):
    """An event as it is stored: its own fields, and those that the platform stamped. Times are UTC."""

    model_config = ConfigDict(
        extra="allow",
    )
    event_id: str
    event_type: str
    event_time: str
    received_at: str
    batch_id: str


class StoredEventPage(Shape):
    data: list[StoredEvent]
    next_cursor: str | None


class Taken(Shape):
    """It was understood; what comes of it is not said here."""

    status: Literal["accepted"] = "accepted"


class Touch(Shape):
    """An impression or a click, and the key by which it was found."""

    touch_id: str
    touch_type: Literal["click", "impression"]
    touch_time: AwareDatetime
    received_at: AwareDatetime
    match_type: Literal["click_id", "advertising_id", "vendor_id", "user_id", "probabilistic"]
    app_id: str
    media_source: str
    channel: str
    campaign: str
    campaign_id: str
    adset: str
    ad: str
    site_id: str
    consent: Literal[-1, 0, 1] = 0
    """What its event says: -1 refused, 0 nothing, 1 granted."""
    is_claimed: bool = False
    """Whether a self-attributing network reported it."""


class Unconverted(Shape):
    """Conversions with revenue in a currency for whose day there is no rate: they count, their value does not."""

    currency: str
    conversions: int
    revenue: str


class UnconvertedAmount(Shape):
    """Amounts of a currency for whose days there is no rate: they are in no sum of the report."""

    currency: str
    revenue: str
    cost: str


class Uploaded(Shape):
    """What became of a file, or would become in a dry run; nothing of it is stored if a line is faulty."""

    dry_run: bool
    lines: int
    new: int
    changed: int
    unchanged: int
    faulty: int
    faults: list[LineFault]


class User(Shape):
    """A user; who is invited has not chosen a password yet."""

    user_id: str
    email: str
    role: Literal["owner", "analyst", "viewer"]
    state: Literal["invited", "active"]
    created_at: AwareDatetime
    last_login_at: AwareDatetime | None


class UserListing(Shape):
    data: list[User]


class Violation(Shape):
    """Events that violate a schema at one place: dead letters that wait, or stored ones that bear a mark."""

    event_name: str
    version: int | None
    """Of the schema; null of stored ones, whose mark says it in its words."""
    pointer: str
    outcome: Literal["rejected", "flagged"]
    example: str
    events: int
    last_at: AwareDatetime


class ViolationReport(Shape):
    """Violations of a span of time, of each outcome the most frequent first."""

    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    data: list[Violation]


class WaitingLinks(Shape):
    """How many links came or went that the rest was not told of yet, and when the oldest of them did."""

    waiting: int
    since: AwareDatetime | None


class Accepted(Shape):
    """What became of a request's events."""

    accepted: int
    duplicates: int
    rejected: list[RejectedEvent]
    batch_id: str


class AttributionRevision(Shape):
    """One of a conversion's answers, why it was made, and what it changed."""

    revision: int
    cause: Literal["first", "late_touch", "late_origin", "recompute", "identity", "fraud"]
    attributed_at: AwareDatetime
    policy_version: int
    model_version: str
    is_organic: bool
    media_source: str
    campaign: str
    attributed_touch_id: str | None
    changes: list[ChangedField]


class CohortReport(Shape):
    """Rows of cohorts; figures of day N end in `_N`, and are null until the day is over for everybody of the cohort."""

    from_: Annotated[date_aliased, Field(alias="from")]
    to: date_aliased
    tz: str
    currency: str
    breakdown: list[str]
    unconverted: list[UnconvertedAmount]
    is_cut: bool
    window: str
    cohort: str
    days: list[int]
    totals: dict[str, Any]
    data: list[dict[str, Any]]


class ConsideredTouch(Shape):
    """A touch that was considered, and the sentence that says why it won or lost."""

    touch: Touch
    reason: Literal[
        "won",
        "outside_window",
        "after_conversion",
        "lower_priority",
        "earlier",
        "duplicate",
        "other_app",
        "no_consent",
        "fraud:click_injection",
        "fraud:blocked_device",
        "fraud:blocked_ip",
        "fraud:blocked_site",
        "fraud:blocked_user_agent",
        "fraud:declared_bot",
        "fraud:data_center",
        "fraud:impossible_order",
        "fraud:impossible_version",
        "fraud:version_backward",
        "fraud:impossible_travel",
        "fraud:duplicate_device",
        "fraud:device_farm",
        "fraud:short_ctit",
        "fraud:install_hijacking",
        "fraud:click_flooding",
        "fraud:geo_mismatch",
        "fraud:anomaly",
    ]
    explanation: str
    because: Grounds | None = None
    """The same without words; results of earlier versions lack it."""


class ConversionFraudShown(Shape):
    """The verdict on who would have the conversion if no rule were on, and everything that was found."""

    verdict: Literal["valid", "suspect", "rejected"]
    rules: list[
        Literal[
            "click_injection",
            "blocked_device",
            "blocked_ip",
            "blocked_site",
            "blocked_user_agent",
            "declared_bot",
            "data_center",
            "impossible_order",
            "impossible_version",
            "version_backward",
            "impossible_travel",
            "duplicate_device",
            "device_farm",
            "short_ctit",
            "install_hijacking",
            "click_flooding",
            "geo_mismatch",
            "anomaly",
        ]
    ]
    conversion_verdict: Literal["valid", "suspect", "rejected"] = "valid"
    """On the conversion as it stands: reports leave rejected ones out."""
    conversion_rules: list[
        Literal[
            "click_injection",
            "blocked_device",
            "blocked_ip",
            "blocked_site",
            "blocked_user_agent",
            "declared_bot",
            "data_center",
            "impossible_order",
            "impossible_version",
            "version_backward",
            "impossible_travel",
            "duplicate_device",
            "device_farm",
            "short_ctit",
            "install_hijacking",
            "click_flooding",
            "geo_mismatch",
            "anomaly",
        ]
    ] = []
    """Rules that speak against it, or who has it now."""
    claimed_touch_id: str | None
    claimed_media_source: str
    claimed_campaign: str
    claimed_site_id: str
    claimed_ctit_seconds: float | None
    if_on_media_source: str | None
    """Who would have it if the rules in shadow were on, too."""
    findings: list[FraudFindingShown]


class CookieSession(Shape):
    """A session whose tokens are in cookies; the access token ends after `expires_in` seconds."""

    expires_in: int
    user: SessionUser


class Drift(Shape):
    """How the model that serves the tenant does on its newest days, as it was seen at the newest export."""

    kind: Literal["conversion", "pltv", "anomaly"]
    model_id: str
    seen_at: AwareDatetime
    newest_day: date_aliased
    """The newest day that the lake had: how fresh the data is."""
    weeks: list[DriftWeek]
    calibration: list[CalibrationWeek]


class DriftListing(Shape):
    data: list[Drift]


class FraudPolicy(Shape):
    """A tenant's choices for every rule; the attributes bear the names of `FraudRule`."""

    click_injection: CertainRule | None = None
    blocked_device: CertainRule | None = None
    blocked_ip: CertainRule | None = None
    blocked_site: CertainRule | None = None
    blocked_user_agent: CertainRule | None = None
    declared_bot: CertainRule | None = None
    data_center: RuleChoice | None = None
    impossible_order: ImpossibleOrder | None = None
    impossible_version: RuleChoice | None = None
    version_backward: RuleChoice | None = None
    impossible_travel: ImpossibleTravel | None = None
    duplicate_device: DuplicateDevice | None = None
    device_farm: DeviceFarm | None = None
    short_ctit: ShortCtit | None = None
    install_hijacking: InstallHijacking | None = None
    click_flooding: ClickFlooding | None = None
    geo_mismatch: RuleChoice | None = None
    anomaly: Anomaly | None = None


class FraudPreview(Shape):
    """What a fraud policy would do; `cost_rejected` is what the judged rejected touches cost by their own word."""

    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    installs: int
    judged: int
    is_sample: bool
    verdicts: dict[Literal["valid", "suspect", "rejected"], int]
    agreement: list[Agreement]
    rules: list[PreviewedRule]
    sources: list[PreviewedPlace]
    moves: list[Move]
    flooding_sites: list[FloodingSite]
    cost_rejected: list[RejectedCost]


class FraudReport(Shape):
    """What the rules found of the conversions of a span of time, and how click-to-install times are spread."""

    from_: Annotated[date_aliased, Field(alias="from")]
    to: date_aliased
    tz: str
    breakdown: list[str]
    is_cut: bool
    data: list[dict[str, Any]]
    """As `rules`, each with the fields of the breakdown first: the rows of CSV and Parquet."""
    rules: list[RuleReport]
    sources: list[PlaceCounts]
    sites: list[PlaceCounts]
    days: list[DayCounts]
    moves: list[Move]
    ctit_bucket_seconds: list[float]
    """Lower edge of each bucket of a histogram."""
    ctit: list[SiteCtit]


class Import(Shape):
    """An import with the first of its rejected rows."""

    import_id: str
    state: Literal["queued", "running", "done", "failed"]
    filename: str
    format: Literal["ndjson", "csv", "parquet"]
    dry_run: bool
    mapping: dict[str, str | None]
    unknown: Literal["properties", "reject"]
    bytes_total: int
    bytes_done: int
    rows_done: int
    accepted: int
    duplicates: int
    rejected: int
    error: str | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    rejections: list[ImportRejection]


class Job(Shape):
    """Work on a tenant that outlives the request that asked for it; of all tenants, `tenant_id` is empty."""

    job_id: str
    tenant_id: str
    kind: Literal["provision", "delete", "import", "retrain", "lake_export", "recompute", "fraud-review"]
    state: Literal["queued", "running", "done", "failed"]
    progress: JobProgress
    error: str | None
    """Of a running job: why its step is tried again."""
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    model: Literal["conversion", "pltv", "anomaly"] | None = None
    """Of a training: which kind of model."""
    verdict: str | None = None
    """Of a training: what was decided about its model."""


class JobPage(Shape):
    data: list[Job]
    next_cursor: str | None


class JourneysMade(Shape):
    """How the journeys were made."""

    converting: float
    null: float
    """Journeys that led to no conversion."""
    without_touches: int
    """Conversions that no touch led to: no model shares them out."""
    without_credits: int
    """Journeys that converted and that no learned model has shared out: data_driven leaves them out."""
    learned_models: list[SharedByModel]
    distinct_paths: int
    conversion_types: list[str]
    event_name: str
    lead_event: str
    lookback_days: float
    currency: str
    definition: str


class JourneysReport(Shape):
    """Journeys as they are, without a model; `data` is the table that was asked for."""

    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    breakdown: list[str]
    journeys: JourneysMade
    unconverted: list[Unconverted]
    data: list[PathRow | FlowLink | AssistRow | LengthRow | LagRow]
    paths: list[PathRow]
    nodes: list[FlowNode]
    links: list[FlowLink]
    lengths: list[LengthRow]
    lags: list[LagRow]
    assists: list[AssistRow]


class LearnedModelShown(Shape):
    """A learned model. Of a global one a tenant is told how good it is, not from whose rows or how many it learned."""

    model_id: str
    kind: Literal["conversion", "pltv", "anomaly"]
    scope: Literal["own", "global"]
    state: Literal["challenger", "champion", "retired", "refused"]
    created_at: AwareDatetime
    promoted_at: AwareDatetime | None
    seed: int
    code_version: str
    schema_hash: str
    metrics: list[MetricValue]
    base_model_id: str | None
    """The global model from which a tenant's own was fine-tuned, or (pLTV) which it had to beat."""
    currency: str | None
    """Of foretold revenue."""
    artifact_sha256: str
    artifact_bytes: int
    first_day: date_aliased | None
    last_day: date_aliased | None
    rows: int | None
    shadow: ShadowShown | None
    stand_in: StandInShown | None


class LearnedModelWithHistory(Shape):
    """A learned model, with who became champion of its scope and why, newest first; a tenant sees its own scopes'."""

    model_id: str
    kind: Literal["conversion", "pltv", "anomaly"]
    scope: Literal["own", "global"]
    state: Literal["challenger", "champion", "retired", "refused"]
    created_at: AwareDatetime
    promoted_at: AwareDatetime | None
    seed: int
    code_version: str
    schema_hash: str
    metrics: list[MetricValue]
    base_model_id: str | None
    """The global model from which a tenant's own was fine-tuned, or (pLTV) which it had to beat."""
    currency: str | None
    """Of foretold revenue."""
    artifact_sha256: str
    artifact_bytes: int
    first_day: date_aliased | None
    last_day: date_aliased | None
    rows: int | None
    shadow: ShadowShown | None
    stand_in: StandInShown | None
    history: list[PromotionShown]


class LearnedModelsPage(Shape):
    """The tenant's models, with what a training and a challenger need."""

    data: list[LearnedModelShown]
    next_cursor: str | None
    rows_min: int
    """Of fewer journeys or installs no model of the tenant's own is trained."""
    shadow_rows_min: int
    """Rows that must have come after both were trained, before a challenger is judged by them."""


class ModelsReport(Shape):
    """Models side by side; `differences` says where they disagree."""

    data: list[ChannelRow]
    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    breakdown: list[str]
    journeys: JourneysMade
    unconverted: list[Unconverted]
    measure: str
    confidence: float
    replicates: int
    seed: int
    models: list[ModelDescription]
    differences: list[str]


class Person(Shape):
    """The ids of a person, what joins them, what was taken back, and ids that join nobody: too many have them."""

    keys: list[PersonKey]
    edges: list[PersonEdge]
    removed: list[PersonEdge]
    shared: list[PersonKey]


class Pltv(Shape):
    """Which model foretells lifetime value, and in words what its bands mean, or why there are none."""

    state: Literal[
        "ready",
        "no_champion",
        "pending",
        "no_installs",
        "no_cohorts",
        "other_currency",
        "unreadable",
        "no_rate",
        "unavailable",
    ]
    says: str
    model_id: str | None = None
    scope: Literal["own", "global"] | None = None
    currency: str | None = None
    """The one currency whose revenue is foretold."""
    share: float | None = None
    """Of so many cohorts the total should lie in the band."""
    seen_at: AwareDatetime | None = None
    newest_day: date_aliased | None = None
    """The newest day that the model was shown."""
    installs: int = 0
    """How many installs of the tenant were foretold."""
    horizons: Annotated[list[PltvHorizon], Field(validate_default=True)] = []


class Previous(Shape):
    """The as many days before, and by which part of what it was each figure grew; null where it was nothing."""

    from_: Annotated[date_aliased, Field(alias="from")]
    to: date_aliased
    totals: Figures
    unconverted: list[UnconvertedAmount]
    change: dict[str, float | None]


class Quality(Shape):
    """The ledger over a span of time, why events wait as dead letters, and conversions without a result now."""

    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    step: Literal["minute", "hour", "day"]
    totals: LedgerSums
    data: list[LedgerStep]
    freshness: Freshness
    reasons: list[ReasonCount]
    conversions: ConversionCounts
    identity_links: WaitingLinks


class Recompute(Shape):
    """A recomputation with some of the conversions that it moves."""

    recompute_id: str
    state: Literal["queued", "running", "done", "failed", "adopted"]
    policy_version: int
    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    dry_run: bool
    conversions: int | None
    """How many there are; null until it began."""
    conversions_done: int
    moved: int
    failed: int
    """Could not be decided under the policy; they keep their result."""
    media_sources: list[SourceDifference]
    error: str | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    adopted_at: AwareDatetime | None
    examples: list[MovedConversion]


class RecomputeSummary(Shape):
    """A recomputation, how far it came, and what it would move."""

    recompute_id: str
    state: Literal["queued", "running", "done", "failed", "adopted"]
    policy_version: int
    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime
    dry_run: bool
    conversions: int | None
    """How many there are; null until it began."""
    conversions_done: int
    moved: int
    failed: int
    """Could not be decided under the policy; they keep their result."""
    media_sources: list[SourceDifference]
    error: str | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    adopted_at: AwareDatetime | None


class RecomputeSummaryListing(Shape):
    data: list[RecomputeSummary]


class Replayed(Shape):
    """What became of the dead letters; those in `cut_or_not_json` cannot be mended here."""

    accepted: int
    duplicates: int
    rejected: list[StillRejected]
    cut_or_not_json: list[int]


class Attribution(Shape):
    """A conversion, the event's own fields as far as it has them, and its newest result once it is attributed."""

    conversion_id: str
    conversion_type: str
    conversion_time: AwareDatetime
    received_at: AwareDatetime
    state: Literal["pending", "attributed", "failed"]
    revision: int
    attributed_at: AwareDatetime | None
    failure: str | None = None
    """Why attribution gave this conversion up."""
    app_id: str | None = None
    platform: str | None = None
    country: str | None = None
    device_id: str | None = None
    user_id: str | None = None
    revenue: str | None = None
    currency: str | None = None
    event_name: str | None = None
    conversion_kind: (
        Literal[
            "install", "reinstall", "re_attribution", "re_engagement", "session", "purchase", "ad_revenue", "in_app"
        ]
        | None
    ) = None
    """What it is by the rules."""
    install_id: str | None = None
    """The install or re-engagement whose source it has."""
    install_time: AwareDatetime | None = None
    first_install_time: AwareDatetime | None = None
    is_organic: bool | None = None
    media_source: str | None = None
    channel: str | None = None
    campaign: str | None = None
    adset: str | None = None
    ad: str | None = None
    site_id: str | None = None
    attributed_touch_id: str | None = None
    attributed_touch_type: Literal["click", "impression"] | None = None
    attributed_touch_time: AwareDatetime | None = None
    match_type: Literal["click_id", "advertising_id", "vendor_id", "user_id", "probabilistic"] | None = None
    match_confidence: float | None = None
    ctit_seconds: float | None = None
    contributors: list[str] | None = None
    candidates: list[ConsideredTouch] | None = None
    withheld_matches: list[Literal["click_id", "advertising_id", "vendor_id", "user_id", "probabilistic"]] | None = None
    """What the person does not allow to be used."""
    credits: dict[str, dict[str, float]] | None = None
    """By model and media source: for a single conversion by every rule, in a list by the winner; data_driven is by a learned model."""
    touch_credits: dict[str, float] | None = None
    """By touch id, what the learned model gave each valid touch."""
    model_fallback: Literal["late", "failed"] | None = None
    """Why the learned model shared nothing out though there is one; the rest stands without it."""
    fraud: ConversionFraudShown | None = None
    anomaly: AnomalyShown | None = None
    """What an install scored; null where no model scored it."""
    policy_version: int | None = None
    model_version: str | None = None
    revisions: list[AttributionRevision] | None = None
    """How the answer came to be, oldest first."""


class AttributionPage(Shape):
    data: list[Attribution]
    next_cursor: str | None


class LtvReport(Shape):
    """
    The same with what is foretold by horizons N: `pltv_N`, `pltv_N_low`, `pltv_N_high` by install.

    Null where N times 24 hours are over for everybody of the cohort, and where fewer than 50 installs of it were
    foretold (`pltv_installs`).
    """

    from_: Annotated[date_aliased, Field(alias="from")]
    to: date_aliased
    tz: str
    currency: str
    breakdown: list[str]
    unconverted: list[UnconvertedAmount]
    is_cut: bool
    window: str
    cohort: str
    days: list[int]
    totals: dict[str, Any]
    data: list[dict[str, Any]]
    pltv: Pltv


class PerformanceReport(Shape):
    """Rows of counts, amounts and ratios."""

    from_: Annotated[date_aliased, Field(alias="from")]
    to: date_aliased
    tz: str
    currency: str
    breakdown: list[str]
    unconverted: list[UnconvertedAmount]
    is_cut: bool
    totals: Figures
    data: list[PerformanceRow]
    previous: Previous | None = None
