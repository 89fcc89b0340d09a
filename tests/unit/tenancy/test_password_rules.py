"""Which passwords may be chosen."""

import pytest

from schemas.access_problems import PasswordRefused
from tenancy.password_rules import check_password


@pytest.mark.parametrize("password", ["correct horse battery staple", "пароль из слов", "x" * 256, "        "])
def test_no_composition_rules(password: str) -> None:
    """Length is all that is asked for, of any characters, as long as the password is none of the commonest."""
    check_password(password, "ann@example.com")


@pytest.mark.parametrize("password", ["", "seven77", "x" * 257])
def test_length(password: str) -> None:
    """Under 8 and over 256 characters are refused."""
    with pytest.raises(PasswordRefused, match="8 to 256"):
        check_password(password, "ann@example.com")


@pytest.mark.parametrize("password", ["12345678", "password", "PassWord1", "qwertyuiop", "iloveyou1"])
def test_common_passwords(password: str) -> None:
    """What everybody tries first is refused, in capitals too."""
    with pytest.raises(PasswordRefused, match="commonest"):
        check_password(password, "ann@example.com")


@pytest.mark.parametrize("password", ["annabella@example.com", "Annabella"])
def test_own_email(password: str) -> None:
    """The user's email is no password, nor its part before the @."""
    with pytest.raises(PasswordRefused, match="email"):
        check_password(password, "annabella@example.com")
