"""The forms of the account pages. Messages say what to do."""

from __future__ import annotations

import re
from typing import Any, cast

from wtforms import BooleanField, EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, ValidationError

from ..config import settings
from ..language import lazy_gettext as _l
from ..web import Form
from . import passwords
from .addresses import normalise


def is_email(form: Form, field: Any) -> None:
    field.clean = normalise(field.data)
    if field.clean is None:
        raise ValidationError(_l("Enter an email address like name@example.org"))


# Characters that must be left of a new password once the obvious words are taken out.
LEFT_OVER = 8


def is_new_password(form: PasswordForm, field: Any) -> None:
    """Long enough, also without the obvious words, and in no list of leaked passwords: all of it as it will be hashed.

    No rules of composition, which make passwords worse.
    """
    typed = field.data or ""
    password = passwords.normalised(typed)
    if len(typed) > passwords.LONGEST_TYPED or len(password) > passwords.LONGEST:
        raise ValidationError(_l("Use at most 256 characters"))
    if len(password) < passwords.SHORTEST:
        raise ValidationError(_l("Use at least 12 characters"))
    if passwords.length_without(password, obvious_words(form.owner or "")) < LEFT_OVER:
        raise ValidationError(_l("Use more than your email address and the name of this site"))
    if passwords.is_breached(password):
        raise ValidationError(_l("This password has leaked elsewhere and is tried first. Choose another one"))


def obvious_words(owner: str) -> list[str]:
    """The names of this site and of Cashlink, and the parts of the person's address, the longest first."""
    words = {settings().brand, "cashlink", *re.split(r"[@.+_-]", owner)}
    return sorted(words, key=len, reverse=True)


class PasswordForm(Form):
    """A form that takes a new password of whoever has the address `owner`."""

    owner: str | None = None


class RegisterForm(PasswordForm):
    email = EmailField(_l("Email"), [is_email])
    password = PasswordField(_l("Password"), [is_new_password])
    terms = BooleanField(validators=[InputRequired(_l("Agree to the terms of use to create an account"))])
    next = HiddenField()

    @property
    def owner(self) -> str | None:  # type: ignore[override]
        return cast("str | None", self.email.data)


class ConfirmForm(PasswordForm):
    password = PasswordField(_l("The password that you chose at registration"))
    new_password = PasswordField(_l("Or choose a new password"))
    next = HiddenField()

    def validate_new_password(self, field: Any) -> None:
        if field.data:
            is_new_password(self, field)


class LoginForm(Form):
    email = EmailField(_l("Email"))
    password = PasswordField(_l("Password"))
    next = HiddenField()


class ForgottenForm(Form):
    email = EmailField(_l("Email"), [is_email])


class NewPasswordForm(PasswordForm):
    new_password = PasswordField(_l("New password"), [is_new_password])


class PresentPasswordForm(Form):
    password = PasswordField(_l("Your present password"))


class ChangeEmailForm(Form):
    email = EmailField(_l("New email address"), [is_email])
    password = PasswordField(_l("Your present password"))


class ChangePasswordForm(NewPasswordForm, PresentPasswordForm):
    pass
