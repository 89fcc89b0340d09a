"""Which passwords may be chosen: long enough, and none of those that everybody tries first (OWASP ASVS 5.0, V6.2).

There are no rules of composition: they make passwords harder to remember, not to guess.
"""

from functools import cache

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from schemas.access_problems import PasswordRefused
from schemas.limits import PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN


@cache
def _common_passwords() -> frozenset[str]:
    # 30,000 from leaks, in lower case; 11,600 of them are long enough to matter.
    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= PASSWORD_CHARS_MIN)


def check_password(password: str, email: str) -> None:
    """Refuse a password that its user should not choose.

    Raises:
        PasswordRefused: it is too short or long, common, or the user's own email.
    """
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise PasswordRefused(f"A password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters.")
    if password.lower() in _common_passwords():
        raise PasswordRefused("This password is one of the commonest: it is tried first.")
    if password.lower() in {email.lower(), email.lower().partition("@")[0]}:
        raise PasswordRefused("This password is the user's own email.")
