"""Problems of users, sessions and keys."""

from schemas.problems import BadRequest, Conflict, Forbidden, NotFound, Unprocessable


class CsrfInvalid(Forbidden):
    """A change by a session cookie lacks the proof that the tenant's own site asked for it."""

    slug = "csrf-invalid"
    title = "CSRF token invalid"
    remedy = "Send the value of the cookie unmogrow_csrf as X-CSRF-Token, from the tenant's own host."


class LinkTokenInvalid(BadRequest):
    """The invitation or reset link is unknown, used, replaced or expired."""

    slug = "link-token-invalid"
    title = "Link invalid"
    remedy = "Ask for a new one: an owner can invite or reset again, or use POST /api/v1/auth/forgot."


class PasswordRefused(Unprocessable):
    """The password cannot be taken."""

    slug = "password-refused"
    title = "Password refused"
    remedy = "Choose 8 to 256 characters, 15 or more is better; any characters will do, but no common password."


class UserUnknown(NotFound):
    """The tenant has no user with this id."""

    slug = "user-unknown"
    title = "User unknown"
    remedy = "See /api/v1/users for the list."


class UserExists(Conflict):
    """The tenant has an active user with this email."""

    slug = "user-exists"
    title = "User exists"
    remedy = "Change the role of the user who is there, or reset the password."


class UsersTooMany(Conflict):
    """The tenant has as many users as it may have."""

    slug = "users-too-many"
    title = "Too many users"
    remedy = "Remove users who are no longer needed."


class LastOwner(Conflict):
    """The tenant would be left without an owner."""

    slug = "last-owner"
    title = "Last owner"
    remedy = "Make another active user an owner first."


class ApiKeyUnknown(NotFound):
    """The tenant has no key with this id, or it was revoked."""

    slug = "api-key-unknown"
    title = "Key unknown"
    remedy = "See /api/v1/keys for the list."


class KeysTooMany(Conflict):
    """The tenant has as many keys as it may have."""

    slug = "keys-too-many"
    title = "Too many keys"
    remedy = "Revoke keys that are no longer used; /api/v1/keys says when each was last used."


class RotationUnderWay(Conflict):
    """The next token key is published and does not sign yet."""

    slug = "rotation-under-way"
    title = "Rotation under way"
    remedy = "Wait until it signs; see /api/v1/signing-keys."
