"""The forms of the account pages. Messages say what to do."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, ValidationError

from ..web import Form
from . import passwords
from .addresses import normalise


def is_email(form: Form, field: Any) -> None:
    field.clean = normalise(field.data)
    if field.clean is None:
        raise ValidationError(_l("Enter an email address like name@example.org"))


def is_new_password(form: Form, field: Any) -> None:
    """Long enough; no rules of composition, which make passwords worse."""
    if len(field.data or "") < passwords.SHORTEST:
        raise ValidationError(_l("Use at least 12 characters"))
    if len(field.data) > passwords.LONGEST:
        raise ValidationError(_l("Use at most 256 characters"))


class RegisterForm(Form):
    email = EmailField(_l("Email"), [is_email])
    password = PasswordField(_l("Password"), [is_new_password])
    terms = BooleanField(validators=[InputRequired(_l("Agree to the terms of use to create an account"))])
    next = HiddenField()


class ConfirmForm(Form):
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


class NewPasswordForm(Form):
    new_password = PasswordField(_l("New password"), [is_new_password])


class PresentPasswordForm(Form):
    password = PasswordField(_l("Your present password"))


class ChangeEmailForm(Form):
    email = EmailField(_l("New email address"), [is_email])
    password = PasswordField(_l("Your present password"))


class ChangePasswordForm(NewPasswordForm, PresentPasswordForm):
    pass
