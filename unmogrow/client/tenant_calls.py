"""Calls of the tenant plane, as openapi/tenant.json says: made by `make openapi`, never edited."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from typing import Any, Literal

from unmogrow.client.caller import Body, Caller, pages, segment
from unmogrow.client.tenant_models import (
    Acceptance,
    ApiKeyListing,
    AppLinks,
    AskedRecompute,
    AskedRetry,
    AskedRollback,
    Attribution,
    AttributionPage,
    AuditRecord,
    AuditRecordPage,
    Brand,
    CampaignDocument,
    CampaignDocumentPage,
    CampaignFields,
    CohortReport,
    CookieSession,
    Cost,
    CostFields,
    CostPage,
    DriftListing,
    EventSchema,
    EventSchemaListing,
    EventTypes,
    Forgotten,
    FraudLabels,
    FraudListShown,
    FraudPolicy,
    FraudPreview,
    FraudReport,
    FraudReviewShown,
    FraudReviewShownListing,
    Import,
    ImportSummary,
    ImportSummaryPage,
    InvitedUser,
    Job,
    JobPage,
    JourneysReport,
    JudgedConversionShown,
    JudgedConversionShownPage,
    LearnedModelShown,
    LearnedModelsPage,
    LearnedModelWithHistory,
    LearningJobWithLogs,
    LinkDocument,
    LinkDocumentPage,
    LinkFields,
    LtvReport,
    MadeKey,
    Me,
    ModelsReport,
    NewEventSchema,
    NewKey,
    NewLabel,
    NewLink,
    NewPolicy,
    NewReportSettings,
    NewRetrain,
    NewReview,
    NewUser,
    PasswordChange,
    PerformanceReport,
    Person,
    PersonEdge,
    PolicyDetails,
    PolicyListing,
    Quality,
    RateFields,
    RateFieldsPage,
    ReasonCountListing,
    Recompute,
    RecomputeSummaryListing,
    RejectedLetter,
    RejectedLetterPage,
    Replay,
    Replayed,
    ReportSettings,
    ResetLink,
    Retried,
    RoleChange,
    RolledBack,
    SessionAnswer,
    SigningKey,
    SigningKeyListing,
    SiteConfig,
    StoredEvent,
    StoredEventPage,
    Taken,
    Uploaded,
    User,
    UserListing,
    ViolationReport,
)
from unmogrow.client.transport import Content


class TenantCalls(Caller):
    """The calls of this plane."""

    async def list_links(self, *, cursor: str | None = None, limit: int | None = None) -> LinkDocumentPage:
        """List the tenant's links, newest first."""
        answer: LinkDocumentPage = await self._call(
            LinkDocumentPage, "GET", "/api/v1/links", query={"cursor": cursor, "limit": limit}
        )
        return answer

    def iter_links(self, *, limit: int | None = None) -> AsyncIterator[LinkDocument]:
        """Give every row of `list_links`, page by page."""
        return pages(lambda cursor: self.list_links(cursor=cursor, limit=limit))

    async def create_link(self, body: NewLink | Mapping[str, Any]) -> LinkDocument:
        """Make a link; it redirects within a second."""
        answer: LinkDocument = await self._call(LinkDocument, "POST", "/api/v1/links", body=body)
        return answer

    async def get_link(self, link_id: str) -> LinkDocument:
        """Give one link."""
        answer: LinkDocument = await self._call(LinkDocument, "GET", f"/api/v1/links/{segment(link_id)}")
        return answer

    async def replace_link(self, link_id: str, body: LinkFields | Mapping[str, Any]) -> LinkDocument:
        """Replace all that a link says; its address stays."""
        answer: LinkDocument = await self._call(LinkDocument, "PUT", f"/api/v1/links/{segment(link_id)}", body=body)
        return answer

    async def delete_link(self, link_id: str) -> None:
        """Delete a link: its address leads nowhere from then on; its touches stay."""
        await self._call(None, "DELETE", f"/api/v1/links/{segment(link_id)}")

    async def get_app_links(self) -> AppLinks:
        """Say which apps open the tenant's links."""
        answer: AppLinks = await self._call(AppLinks, "GET", "/api/v1/app-links")
        return answer

    async def set_app_links(self, body: AppLinks | Mapping[str, Any]) -> AppLinks:
        """Name the apps that open the tenant's links, in the place of those named before."""
        answer: AppLinks = await self._call(AppLinks, "PUT", "/api/v1/app-links", body=body)
        return answer

    async def get_me(self) -> Me:
        """Say who the token belongs to."""
        answer: Me = await self._call(Me, "GET", "/api/v1/auth/me")
        return answer

    async def change_password(self, body: PasswordChange | Mapping[str, Any]) -> SessionAnswer | CookieSession:
        """Choose another password: every session of the user ends, and this is answered like a login."""
        answer: SessionAnswer | CookieSession = await self._call(
            SessionAnswer | CookieSession, "PUT", "/api/v1/auth/password", body=body
        )
        return answer

    async def forget_password(self, body: Forgotten | Mapping[str, Any]) -> Taken:
        """Have a link mailed by which another password can be chosen; answered alike whether the user exists or not."""
        answer: Taken = await self._call(Taken, "POST", "/api/v1/auth/forgot", body=body)
        return answer

    async def accept_link(self, body: Acceptance | Mapping[str, Any]) -> SessionAnswer | CookieSession:
        """Take an invitation or reset link: its user gets this password, and this is answered like a login."""
        answer: SessionAnswer | CookieSession = await self._call(
            SessionAnswer | CookieSession, "POST", "/api/v1/auth/accept", body=body
        )
        return answer

    async def list_users(self) -> UserListing:
        """List the tenant's users, in the order in which they came."""
        answer: UserListing = await self._call(UserListing, "GET", "/api/v1/users")
        return answer

    async def invite_user(self, body: NewUser | Mapping[str, Any]) -> InvitedUser:
        """Invite somebody; again, as long as they have not chosen a password: the link before is void then."""
        answer: InvitedUser = await self._call(InvitedUser, "POST", "/api/v1/users", body=body)
        return answer

    async def change_role(self, user_id: str, body: RoleChange | Mapping[str, Any]) -> User:
        """Give a user another role: refreshed tokens have it at once, and older ones end within a second."""
        answer: User = await self._call(User, "PATCH", f"/api/v1/users/{segment(user_id)}", body=body)
        return answer

    async def remove_user(self, user_id: str) -> None:
        """Remove a user: sessions end at once, access tokens within a second."""
        await self._call(None, "DELETE", f"/api/v1/users/{segment(user_id)}")

    async def reset_user(self, user_id: str) -> ResetLink:
        """Make a link by which a user chooses another password, and mail it; until then the old one works."""
        answer: ResetLink = await self._call(ResetLink, "POST", f"/api/v1/users/{segment(user_id)}/reset")
        return answer

    async def list_keys(self) -> ApiKeyListing:
        """List the keys that have not been revoked, newest first."""
        answer: ApiKeyListing = await self._call(ApiKeyListing, "GET", "/api/v1/keys")
        return answer

    async def create_key(self, body: NewKey | Mapping[str, Any]) -> MadeKey:
        """Make a key; it works within a second, and is shown this once."""
        answer: MadeKey = await self._call(MadeKey, "POST", "/api/v1/keys", body=body)
        return answer

    async def revoke_key(self, key_id: str) -> None:
        """Revoke a key: it is refused within a second, everywhere."""
        await self._call(None, "DELETE", f"/api/v1/keys/{segment(key_id)}")

    async def list_signing_keys(self) -> SigningKeyListing:
        """List the keys of the tenant's tokens, in the order in which they sign."""
        answer: SigningKeyListing = await self._call(SigningKeyListing, "GET", "/api/v1/signing-keys")
        return answer

    async def rotate_signing_keys(self) -> SigningKey:
        """Publish the next token key, which signs after the time that the settings name; the old one verifies on."""
        answer: SigningKey = await self._call(SigningKey, "POST", "/api/v1/signing-keys/rotate")
        return answer

    async def list_audit(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        from_: datetime | None = None,
        to: datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AuditRecordPage:
        """List the audit log, newest first. Nobody can change it, the tenant's own database role neither."""
        answer: AuditRecordPage = await self._call(
            AuditRecordPage,
            "GET",
            "/api/v1/audit",
            query={"actor": actor, "action": action, "from": from_, "to": to, "cursor": cursor, "limit": limit},
        )
        return answer

    def iter_audit(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        from_: datetime | None = None,
        to: datetime | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[AuditRecord]:
        """Give every row of `list_audit`, page by page."""
        return pages(
            lambda cursor: self.list_audit(cursor=cursor, actor=actor, action=action, from_=from_, to=to, limit=limit)
        )

    async def create_recompute(self, body: AskedRecompute | Mapping[str, Any]) -> Recompute:
        """Attribute past conversions under another policy in the background, to see what would change."""
        answer: Recompute = await self._call(Recompute, "POST", "/api/v1/attributions/recompute", body=body)
        return answer

    async def list_recomputes(self, *, limit: int | None = None) -> RecomputeSummaryListing:
        """List recomputations, newest first."""
        answer: RecomputeSummaryListing = await self._call(
            RecomputeSummaryListing, "GET", "/api/v1/attributions/recompute", query={"limit": limit}
        )
        return answer

    async def get_recompute(self, recompute_id: str, *, examples: int | None = None) -> Recompute:
        """Say how far a recomputation came, and what it would move: counts by media source, and some conversions."""
        answer: Recompute = await self._call(
            Recompute, "GET", f"/api/v1/attributions/recompute/{segment(recompute_id)}", query={"examples": examples}
        )
        return answer

    async def adopt_recompute(self, recompute_id: str) -> Recompute:
        """Put the policy in force and write the revisions that were shown; asking again changes nothing."""
        answer: Recompute = await self._call(
            Recompute, "POST", f"/api/v1/attributions/recompute/{segment(recompute_id)}/adopt"
        )
        return answer

    async def get_attribution(self, conversion_id: str) -> Attribution:
        """Give the result for one conversion: the winner, why every other touch lost, and how the answer came to be."""
        answer: Attribution = await self._call(Attribution, "GET", f"/api/v1/attributions/{segment(conversion_id)}")
        return answer

    async def list_attributions(
        self,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        conversion_type: str | None = None,
        media_source: str | None = None,
        campaign: str | None = None,
        is_organic: bool | None = None,
        state: Literal["attributed", "failed"] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AttributionPage:
        """List attributed conversions, newest first; or those that attribution gave up, whatever the other filters."""
        answer: AttributionPage = await self._call(
            AttributionPage,
            "GET",
            "/api/v1/attributions",
            query={
                "from": from_,
                "to": to,
                "conversion_type": conversion_type,
                "media_source": media_source,
                "campaign": campaign,
                "is_organic": is_organic,
                "state": state,
                "cursor": cursor,
                "limit": limit,
            },
        )
        return answer

    def iter_attributions(
        self,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        conversion_type: str | None = None,
        media_source: str | None = None,
        campaign: str | None = None,
        is_organic: bool | None = None,
        state: Literal["attributed", "failed"] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Attribution]:
        """Give every row of `list_attributions`, page by page."""
        return pages(
            lambda cursor: self.list_attributions(
                cursor=cursor,
                from_=from_,
                to=to,
                conversion_type=conversion_type,
                media_source=media_source,
                campaign=campaign,
                is_organic=is_organic,
                state=state,
                limit=limit,
            )
        )

    async def retry_attributions(self, body: AskedRetry | Mapping[str, Any]) -> Retried:
        """Let failed conversions wait for a result again, once what made them fail is mended."""
        answer: Retried = await self._call(Retried, "POST", "/api/v1/attributions/failed/retry", body=body)
        return answer

    async def get_person(
        self,
        kind: Literal[
            "user_id", "advertising_id", "vendor_id", "anonymous_id", "device_id", "idfv", "gaid", "idfa", "oaid"
        ],
        value: str,
    ) -> Person:
        """Give the ids of whoever has one, each link with the event that made it; `kind` may be an event's field, too."""
        answer: Person = await self._call(Person, "GET", f"/api/v1/persons/{segment(kind)}/{segment(value)}")
        return answer

    async def delete_edge(self, edge_id: int) -> PersonEdge:
        """Take a link back, for good; conversions that it had a part in get another revision if their answer changes."""
        answer: PersonEdge = await self._call(PersonEdge, "DELETE", f"/api/v1/persons/edges/{segment(edge_id)}")
        return answer

    async def list_policies(self) -> PolicyListing:
        """List every version of the policy, newest first, and say which is in force."""
        answer: PolicyListing = await self._call(PolicyListing, "GET", "/api/v1/policies")
        return answer

    async def put_policy(self, body: NewPolicy | Mapping[str, Any]) -> PolicyDetails:
        """Keep a policy as the next version, a draft until it is adopted; the newest one if it says the same."""
        answer: PolicyDetails = await self._call(PolicyDetails, "PUT", "/api/v1/policies", body=body)
        return answer

    async def get_policy(self, version: int) -> PolicyDetails:
        """Give one version."""
        answer: PolicyDetails = await self._call(PolicyDetails, "GET", f"/api/v1/policies/{segment(version)}")
        return answer

    async def adopt_policy(self, version: int) -> PolicyDetails:
        """Put a version in force, newer or older: within two seconds new conversions are attributed by it."""
        answer: PolicyDetails = await self._call(PolicyDetails, "POST", f"/api/v1/policies/{segment(version)}/adopt")
        return answer

    async def list_rejected(
        self,
        *,
        stage: Literal["rejected", "quarantined"] | None = None,
        reason: str | None = None,
        event_type: str | None = None,
        event_id: str | None = None,
        replayed: bool | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> RejectedLetterPage:
        """List dead letters, newest first; those that were replayed only with `replayed=true`."""
        answer: RejectedLetterPage = await self._call(
            RejectedLetterPage,
            "GET",
            "/api/v1/events/rejected",
            query={
                "stage": stage,
                "reason": reason,
                "event_type": event_type,
                "event_id": event_id,
                "replayed": replayed,
                "cursor": cursor,
                "limit": limit,
            },
        )
        return answer

    def iter_rejected(
        self,
        *,
        stage: Literal["rejected", "quarantined"] | None = None,
        reason: str | None = None,
        event_type: str | None = None,
        event_id: str | None = None,
        replayed: bool | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[RejectedLetter]:
        """Give every row of `list_rejected`, page by page."""
        return pages(
            lambda cursor: self.list_rejected(
                cursor=cursor,
                stage=stage,
                reason=reason,
                event_type=event_type,
                event_id=event_id,
                replayed=replayed,
                limit=limit,
            )
        )

    async def count_rejected(self) -> ReasonCountListing:
        """Count the dead letters that wait by reason, type and field, the most frequent first."""
        answer: ReasonCountListing = await self._call(ReasonCountListing, "GET", "/api/v1/events/rejected/counts")
        return answer

    async def get_rejected(self, dead_letter_id: int) -> RejectedLetter:
        """Give one dead letter, whether it was replayed or not."""
        answer: RejectedLetter = await self._call(
            RejectedLetter, "GET", f"/api/v1/events/rejected/{segment(dead_letter_id)}"
        )
        return answer

    async def replay_rejected(self, body: Replay | Mapping[str, Any]) -> Replayed:
        """Mend dead letters with one patch, or one by hand, and send them again; what is still invalid stays, and why."""
        answer: Replayed = await self._call(Replayed, "POST", "/api/v1/events/rejected/replay", body=body)
        return answer

    async def list_events(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        event_type: Literal[
            "impression",
            "click",
            "install",
            "reinstall",
            "session",
            "in_app",
            "purchase",
            "ad_revenue",
            "identify",
            "consent",
            "uninstall",
            "skan_postback",
        ]
        | None = None,
        event_name: str | None = None,
        media_source: str | None = None,
        event_id: str | None = None,
    ) -> StoredEventPage:
        """List events as they are stored, newest first by arrival."""
        answer: StoredEventPage = await self._call(
            StoredEventPage,
            "GET",
            "/api/v1/events",
            query={
                "cursor": cursor,
                "limit": limit,
                "event_type": event_type,
                "event_name": event_name,
                "media_source": media_source,
                "event_id": event_id,
            },
        )
        return answer

    def iter_events(
        self,
        *,
        limit: int | None = None,
        event_type: Literal[
            "impression",
            "click",
            "install",
            "reinstall",
            "session",
            "in_app",
            "purchase",
            "ad_revenue",
            "identify",
            "consent",
            "uninstall",
            "skan_postback",
        ]
        | None = None,
        event_name: str | None = None,
        media_source: str | None = None,
        event_id: str | None = None,
    ) -> AsyncIterator[StoredEvent]:
        """Give every row of `list_events`, page by page."""
        return pages(
            lambda cursor: self.list_events(
                cursor=cursor,
                limit=limit,
                event_type=event_type,
                event_name=event_name,
                media_source=media_source,
                event_id=event_id,
            )
        )

    async def get_quality(
        self,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        step: Literal["minute", "hour", "day"] | None = None,
    ) -> Quality:
        """Balance what came against what became of it, by the time of its commit; default: the last 24 hours."""
        answer: Quality = await self._call(
            Quality, "GET", "/api/v1/reports/quality", query={"from": from_, "to": to, "step": step}
        )
        return answer

    async def get_violations(self, *, from_: datetime | None = None, to: datetime | None = None) -> ViolationReport:
        """Count violations of the tenant's own schemas by event name and field, by arrival; default: the last 7 days."""
        answer: ViolationReport = await self._call(
            ViolationReport, "GET", "/api/v1/reports/violations", query={"from": from_, "to": to}
        )
        return answer

    async def get_models(
        self,
        *,
        conversion_type: str | None = None,
        event_name: str | None = None,
        lead_event: str | None = None,
        lookback_days: float | None = None,
        currency: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        breakdown: str | None = None,
        filter: str | None = None,
        model: str | None = None,
        order: int | None = None,
        half_life: float | None = None,
        weights: str | None = None,
        direct: str | None = None,
        measure: Literal["conversions", "value"] | None = None,
        confidence: float | None = None,
        replicates: int | None = None,
        seed: int | None = None,
    ) -> ModelsReport:
        """Share conversions out over the channels of their journeys, by many models side by side."""
        answer: ModelsReport = await self._call(
            ModelsReport,
            "GET",
            "/api/v1/reports/models",
            query={
                "conversion_type": conversion_type,
                "event_name": event_name,
                "lead_event": lead_event,
                "lookback_days": lookback_days,
                "currency": currency,
                "from": from_,
                "to": to,
                "tz": tz,
                "breakdown": breakdown,
                "filter": filter,
                "model": model,
                "order": order,
                "half_life": half_life,
                "weights": weights,
                "direct": direct,
                "measure": measure,
                "confidence": confidence,
                "replicates": replicates,
                "seed": seed,
            },
        )
        return answer

    async def get_journeys(
        self,
        *,
        table: Literal["paths", "links", "lengths", "lags", "assists"] | None = None,
        paths: int | None = None,
        steps: int | None = None,
        conversion_type: str | None = None,
        event_name: str | None = None,
        lead_event: str | None = None,
        lookback_days: float | None = None,
        currency: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        breakdown: str | None = None,
        filter: str | None = None,
    ) -> JourneysReport:
        """Show journeys without a model: common paths, how people flow, lengths, time lags, and who assists."""
        answer: JourneysReport = await self._call(
            JourneysReport,
            "GET",
            "/api/v1/reports/journeys",
            query={
                "table": table,
                "paths": paths,
                "steps": steps,
                "conversion_type": conversion_type,
                "event_name": event_name,
                "lead_event": lead_event,
                "lookback_days": lookback_days,
                "currency": currency,
                "from": from_,
                "to": to,
                "tz": tz,
                "breakdown": breakdown,
                "filter": filter,
            },
        )
        return answer

    async def list_learned_models(
        self,
        *,
        kind: Literal["conversion", "pltv", "anomaly"] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> LearnedModelsPage:
        """List the tenant's own models and the global champions, newest first."""
        answer: LearnedModelsPage = await self._call(
            LearnedModelsPage, "GET", "/api/v1/models", query={"kind": kind, "cursor": cursor, "limit": limit}
        )
        return answer

    def iter_learned_models(
        self, *, kind: Literal["conversion", "pltv", "anomaly"] | None = None, limit: int | None = None
    ) -> AsyncIterator[LearnedModelShown]:
        """Give every row of `list_learned_models`, page by page."""
        return pages(lambda cursor: self.list_learned_models(cursor=cursor, kind=kind, limit=limit))

    async def get_learned_drift(self) -> DriftListing:
        """Say how the models that serve the tenant do on its newest days: feature drift, calibration, freshness."""
        answer: DriftListing = await self._call(DriftListing, "GET", "/api/v1/models/drift")
        return answer

    async def retrain_learned_model(self, body: NewRetrain | Mapping[str, Any]) -> Job:
        """Train the tenant's own model anew, from its own journeys, in the background."""
        answer: Job = await self._call(Job, "POST", "/api/v1/models/retrain", body=body)
        return answer

    async def roll_back_learned_model(self, body: AskedRollback | Mapping[str, Any]) -> RolledBack:
        """Put the tenant's newest champion before back that can be loaded; without one, the global model serves."""
        answer: RolledBack = await self._call(RolledBack, "POST", "/api/v1/models/rollback", body=body)
        return answer

    async def list_learning_jobs(self, *, cursor: str | None = None, limit: int | None = None) -> JobPage:
        """List the tenant's trainings and exports to the lake, newest first."""
        answer: JobPage = await self._call(
            JobPage, "GET", "/api/v1/models/jobs", query={"cursor": cursor, "limit": limit}
        )
        return answer

    def iter_learning_jobs(self, *, limit: int | None = None) -> AsyncIterator[Job]:
        """Give every row of `list_learning_jobs`, page by page."""
        return pages(lambda cursor: self.list_learning_jobs(cursor=cursor, limit=limit))

    async def get_learning_job(self, job_id: str) -> LearningJobWithLogs:
        """Give one of them with what it said."""
        answer: LearningJobWithLogs = await self._call(
            LearningJobWithLogs, "GET", f"/api/v1/models/jobs/{segment(job_id)}"
        )
        return answer

    async def get_learned_model(self, model_id: str) -> LearnedModelWithHistory:
        """Give one model: one of the tenant's own with the history of its scope, or a global champion."""
        answer: LearnedModelWithHistory = await self._call(
            LearnedModelWithHistory, "GET", f"/api/v1/models/{segment(model_id)}"
        )
        return answer

    async def promote_learned_model(self, model_id: str) -> LearnedModelShown:
        """Make one of the tenant's own models its champion, if it can be loaded from the lake."""
        answer: LearnedModelShown = await self._call(
            LearnedModelShown, "POST", f"/api/v1/models/{segment(model_id)}/promote"
        )
        return answer

    async def get_overview(
        self,
        *,
        compare: bool | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        breakdown: str | None = None,
        filter: str | None = None,
    ) -> PerformanceReport:
        """Give every day's figures, and those of all days together."""
        answer: PerformanceReport = await self._call(
            PerformanceReport,
            "GET",
            "/api/v1/reports/overview",
            query={"compare": compare, "from": from_, "to": to, "tz": tz, "breakdown": breakdown, "filter": filter},
        )
        return answer

    async def get_channels(
        self,
        *,
        compare: bool | None = None,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        breakdown: str | None = None,
        filter: str | None = None,
    ) -> PerformanceReport:
        """Give every source's figures, those with most installs first; `breakdown` says what a source is."""
        answer: PerformanceReport = await self._call(
            PerformanceReport,
            "GET",
            "/api/v1/reports/channels",
            query={"compare": compare, "from": from_, "to": to, "tz": tz, "breakdown": breakdown, "filter": filter},
        )
        return answer

    async def get_cohorts(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        breakdown: str | None = None,
        filter: str | None = None,
        days: str | None = None,
        window: Literal["24h", "calendar"] | None = None,
        cohort: Literal["day", "week", "month"] | None = None,
    ) -> CohortReport:
        """Give what became of the people of each cohort: how many came back, what they paid, what they cost."""
        answer: CohortReport = await self._call(
            CohortReport,
            "GET",
            "/api/v1/reports/cohorts",
            query={
                "from": from_,
                "to": to,
                "tz": tz,
                "breakdown": breakdown,
                "filter": filter,
                "days": days,
                "window": window,
                "cohort": cohort,
            },
        )
        return answer

    async def get_retention(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        breakdown: str | None = None,
        filter: str | None = None,
        days: str | None = None,
        window: Literal["24h", "calendar"] | None = None,
        cohort: Literal["day", "week", "month"] | None = None,
    ) -> CohortReport:
        """Give which part of each cohort was active again on day N."""
        answer: CohortReport = await self._call(
            CohortReport,
            "GET",
            "/api/v1/reports/retention",
            query={
                "from": from_,
                "to": to,
                "tz": tz,
                "breakdown": breakdown,
                "filter": filter,
                "days": days,
                "window": window,
                "cohort": cohort,
            },
        )
        return answer

    async def get_ltv(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        breakdown: str | None = None,
        filter: str | None = None,
        days: str | None = None,
        window: Literal["24h", "calendar"] | None = None,
        cohort: Literal["day", "week", "month"] | None = None,
    ) -> LtvReport:
        """Give what each cohort had paid up to day N, by install and by what it cost; and what it is foretold to bring."""
        answer: LtvReport = await self._call(
            LtvReport,
            "GET",
            "/api/v1/reports/ltv",
            query={
                "from": from_,
                "to": to,
                "tz": tz,
                "breakdown": breakdown,
                "filter": filter,
                "days": days,
                "window": window,
                "cohort": cohort,
            },
        )
        return answer

    async def list_campaigns(
        self, *, media_source: str | None = None, cursor: str | None = None, limit: int | None = None
    ) -> CampaignDocumentPage:
        """List the tenant's campaigns, newest first."""
        answer: CampaignDocumentPage = await self._call(
            CampaignDocumentPage,
            "GET",
            "/api/v1/campaigns",
            query={"media_source": media_source, "cursor": cursor, "limit": limit},
        )
        return answer

    def iter_campaigns(
        self, *, media_source: str | None = None, limit: int | None = None
    ) -> AsyncIterator[CampaignDocument]:
        """Give every row of `list_campaigns`, page by page."""
        return pages(lambda cursor: self.list_campaigns(cursor=cursor, media_source=media_source, limit=limit))

    async def create_campaign(self, body: CampaignFields | Mapping[str, Any]) -> CampaignDocument:
        """Enter a campaign: its events are those of its media source that bear its name."""
        answer: CampaignDocument = await self._call(CampaignDocument, "POST", "/api/v1/campaigns", body=body)
        return answer

    async def get_campaign(self, campaign_id: str) -> CampaignDocument:
        """Give one campaign."""
        answer: CampaignDocument = await self._call(
            CampaignDocument, "GET", f"/api/v1/campaigns/{segment(campaign_id)}"
        )
        return answer

    async def replace_campaign(self, campaign_id: str, body: CampaignFields | Mapping[str, Any]) -> CampaignDocument:
        """Replace all that a campaign says."""
        answer: CampaignDocument = await self._call(
            CampaignDocument, "PUT", f"/api/v1/campaigns/{segment(campaign_id)}", body=body
        )
        return answer

    async def delete_campaign(self, campaign_id: str) -> None:
        """Delete a campaign: its events, costs, links and reports stay."""
        await self._call(None, "DELETE", f"/api/v1/campaigns/{segment(campaign_id)}")

    async def list_costs(
        self,
        *,
        from_: date | None = None,
        to: date | None = None,
        media_source: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> CostPage:
        """List costs, newest day first."""
        answer: CostPage = await self._call(
            CostPage,
            "GET",
            "/api/v1/costs",
            query={"from": from_, "to": to, "media_source": media_source, "cursor": cursor, "limit": limit},
        )
        return answer

    def iter_costs(
        self,
        *,
        from_: date | None = None,
        to: date | None = None,
        media_source: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Cost]:
        """Give every row of `list_costs`, page by page."""
        return pages(
            lambda cursor: self.list_costs(cursor=cursor, from_=from_, to=to, media_source=media_source, limit=limit)
        )

    async def create_cost(self, body: CostFields | Mapping[str, Any]) -> Cost:
        """Enter a cost; one of the same day, names and currency is replaced."""
        answer: Cost = await self._call(Cost, "POST", "/api/v1/costs", body=body)
        return answer

    async def upload_costs(
        self, content: Content, *, mapping: str | None = None, dry_run: bool | None = None
    ) -> Uploaded:
        """Take a file of costs, all lines or none; a line replaces the cost of the same day, names and currency."""
        answer: Uploaded = await self._call(
            Uploaded,
            "POST",
            "/api/v1/costs/upload",
            query={"mapping": mapping, "dry_run": dry_run},
            content=content,
            media_type="text/csv",
            is_repeatable=True,
        )
        return answer

    async def get_cost(self, cost_id: int) -> Cost:
        """Give one cost."""
        answer: Cost = await self._call(Cost, "GET", f"/api/v1/costs/{segment(cost_id)}")
        return answer

    async def replace_cost(self, cost_id: int, body: CostFields | Mapping[str, Any]) -> Cost:
        """Replace all that a cost says."""
        answer: Cost = await self._call(Cost, "PUT", f"/api/v1/costs/{segment(cost_id)}", body=body)
        return answer

    async def delete_cost(self, cost_id: int) -> None:
        """Delete a cost."""
        await self._call(None, "DELETE", f"/api/v1/costs/{segment(cost_id)}")

    async def list_rates(
        self, *, currency: str | None = None, cursor: str | None = None, limit: int | None = None
    ) -> RateFieldsPage:
        """List rates into the tenant's currency, newest day first."""
        answer: RateFieldsPage = await self._call(
            RateFieldsPage, "GET", "/api/v1/rates", query={"currency": currency, "cursor": cursor, "limit": limit}
        )
        return answer

    def iter_rates(self, *, currency: str | None = None, limit: int | None = None) -> AsyncIterator[RateFields]:
        """Give every row of `list_rates`, page by page."""
        return pages(lambda cursor: self.list_rates(cursor=cursor, currency=currency, limit=limit))

    async def upload_rates(
        self, content: Content, *, mapping: str | None = None, dry_run: bool | None = None
    ) -> Uploaded:
        """Take a file of rates into the tenant's currency, all lines or none; a line replaces the rate of its day."""
        answer: Uploaded = await self._call(
            Uploaded,
            "POST",
            "/api/v1/rates/upload",
            query={"mapping": mapping, "dry_run": dry_run},
            content=content,
            media_type="text/csv",
            is_repeatable=True,
        )
        return answer

    async def delete_rate(self, currency: str, day: date) -> None:
        """Delete the rate of a day."""
        await self._call(None, "DELETE", f"/api/v1/rates/{segment(currency)}/{segment(day)}")

    async def get_settings(self) -> ReportSettings:
        """Give the tenant's settings."""
        answer: ReportSettings = await self._call(ReportSettings, "GET", "/api/v1/settings")
        return answer

    async def put_settings(self, body: NewReportSettings | Mapping[str, Any]) -> ReportSettings:
        """Set them; amounts are converted when a report is asked for, so a new currency holds for all days at once."""
        answer: ReportSettings = await self._call(ReportSettings, "PUT", "/api/v1/settings", body=body)
        return answer

    async def list_event_schemas(self) -> EventSchemaListing:
        """List the newest version of each of the tenant's schemas."""
        answer: EventSchemaListing = await self._call(EventSchemaListing, "GET", "/api/v1/schemas")
        return answer

    async def get_event_schema(self, event_name: str) -> EventSchemaListing:
        """Give every version for an event name, newest first."""
        answer: EventSchemaListing = await self._call(
            EventSchemaListing, "GET", f"/api/v1/schemas/{segment(event_name)}"
        )
        return answer

    async def put_event_schema(
        self, event_name: str, body: NewEventSchema | Mapping[str, Any], *, force: bool | None = None
    ) -> EventSchema:
        """Register a schema, or its next version; it applies within a second."""
        answer: EventSchema = await self._call(
            EventSchema, "PUT", f"/api/v1/schemas/{segment(event_name)}", query={"force": force}, body=body
        )
        return answer

    async def delete_event_schema(self, event_name: str) -> None:
        """Delete a schema with all its versions: the event's properties may be anything again."""
        await self._call(None, "DELETE", f"/api/v1/schemas/{segment(event_name)}")

    async def get_fraud_report(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        breakdown: str | None = None,
        filter: str | None = None,
    ) -> FraudReport:
        """Count what the rules found; `data` by `breakdown` and rule. Sources, campaigns and sites are who claimed."""
        answer: FraudReport = await self._call(
            FraudReport,
            "GET",
            "/api/v1/reports/fraud",
            query={"from": from_, "to": to, "tz": tz, "breakdown": breakdown, "filter": filter},
        )
        return answer

    async def preview_fraud(self, body: FraudPolicy | Mapping[str, Any]) -> FraudPreview:
        """Say what a fraud policy would do with the installs of the last 30 days; a rule left out has its default."""
        answer: FraudPreview = await self._call(
            FraudPreview, "POST", "/api/v1/fraud/preview", body=body, is_repeatable=True
        )
        return answer

    async def label_fraud(self, body: NewLabel | Mapping[str, Any]) -> FraudLabels:
        """Confirm or refute what the rules found of a conversion: the report's precision is measured by it."""
        answer: FraudLabels = await self._call(FraudLabels, "POST", "/api/v1/fraud/labels", body=body)
        return answer

    async def review_fraud(self, body: NewReview | Mapping[str, Any]) -> FraudReviewShown:
        """Judge the conversions of the last days again, in the background, with all that is known by now."""
        answer: FraudReviewShown = await self._call(FraudReviewShown, "POST", "/api/v1/fraud/reviews", body=body)
        return answer

    async def list_fraud_reviews(self) -> FraudReviewShownListing:
        """List the newest reviews."""
        answer: FraudReviewShownListing = await self._call(FraudReviewShownListing, "GET", "/api/v1/fraud/reviews")
        return answer

    async def get_fraud_review(self, review_id: str) -> FraudReviewShown:
        """Say how far a review came."""
        answer: FraudReviewShown = await self._call(
            FraudReviewShown, "GET", f"/api/v1/fraud/reviews/{segment(review_id)}"
        )
        return answer

    async def list_fraud_findings(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        filter: str | None = None,
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
        | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> JudgedConversionShownPage:
        """List the conversions that the fraud report counts, with the evidence, newest first."""
        answer: JudgedConversionShownPage = await self._call(
            JudgedConversionShownPage,
            "GET",
            "/api/v1/fraud/findings",
            query={"from": from_, "to": to, "tz": tz, "filter": filter, "rule": rule, "cursor": cursor, "limit": limit},
        )
        return answer

    def iter_fraud_findings(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        tz: str | None = None,
        filter: str | None = None,
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
        | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[JudgedConversionShown]:
        """Give every row of `list_fraud_findings`, page by page."""
        return pages(
            lambda cursor: self.list_fraud_findings(
                cursor=cursor, from_=from_, to=to, tz=tz, filter=filter, rule=rule, limit=limit
            )
        )

    async def get_fraud_list(self, kind: Literal["ip", "site", "device", "user_agent", "datacenter"]) -> FraudListShown:
        """Give a list with all its entries."""
        answer: FraudListShown = await self._call(FraudListShown, "GET", f"/api/v1/fraud/lists/{segment(kind)}")
        return answer

    async def put_fraud_list(
        self, kind: Literal["ip", "site", "device", "user_agent", "datacenter"], body: Body
    ) -> FraudListShown:
        """Replace a list; a line that is no entry is named, and then the list stays as it was. Applies within seconds."""
        answer: FraudListShown = await self._call(
            FraudListShown, "PUT", f"/api/v1/fraud/lists/{segment(kind)}", body=body
        )
        return answer

    async def create_import(
        self,
        content: Content,
        *,
        format: Literal["ndjson", "csv", "parquet"] | None = None,
        filename: str | None = None,
        dry_run: bool | None = None,
        mapping: str | None = None,
        unknown: Literal["properties", "reject"] | None = None,
    ) -> Import:
        """Take a file and import its events in the background. The same file with the same options is one import."""
        answer: Import = await self._call(
            Import,
            "POST",
            "/api/v1/imports",
            query={"format": format, "filename": filename, "dry_run": dry_run, "mapping": mapping, "unknown": unknown},
            content=content,
            media_type="application/octet-stream",
            is_repeatable=True,
        )
        return answer

    async def list_imports(self, *, cursor: str | None = None, limit: int | None = None) -> ImportSummaryPage:
        """List imports, newest first, without their rejections."""
        answer: ImportSummaryPage = await self._call(
            ImportSummaryPage, "GET", "/api/v1/imports", query={"cursor": cursor, "limit": limit}
        )
        return answer

    def iter_imports(self, *, limit: int | None = None) -> AsyncIterator[ImportSummary]:
        """Give every row of `list_imports`, page by page."""
        return pages(lambda cursor: self.list_imports(cursor=cursor, limit=limit))

    async def get_import(self, import_id: str) -> Import:
        """Say how far an import came, and why rows were rejected."""
        answer: Import = await self._call(Import, "GET", f"/api/v1/imports/{segment(import_id)}")
        return answer

    async def list_event_types(self) -> EventTypes:
        """List the event types; the schema of each is at /schemas/events/{type}.json."""
        answer: EventTypes = await self._call(EventTypes, "GET", "/schemas/events")
        return answer

    async def get_event_type_schema(self, event_type: str) -> dict[str, Any]:
        """Give the JSON Schema (draft 2020-12) of an event type."""
        answer: dict[str, Any] = await self._call(dict[str, Any], "GET", f"/schemas/events/{segment(event_type)}.json")
        return answer

    async def get_site_config(self) -> SiteConfig:
        """Configure the tenant's site."""
        answer: SiteConfig = await self._call(SiteConfig, "GET", "/config.json")
        return answer

    async def get_brand(self) -> Brand:
        """Say how the tenant's site looks."""
        answer: Brand = await self._call(Brand, "GET", "/api/v1/brand")
        return answer

    async def put_brand(self, body: Brand | Mapping[str, Any]) -> Brand:
        """Say how it shall look, in the place of what was said before; the site has it when it is loaded again."""
        answer: Brand = await self._call(Brand, "PUT", "/api/v1/brand", body=body)
        return answer
