"""Each main control of SECURITY.md is switched off in a copy of the source, and the test that shows it goes red."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..faults.test_planted_bugs import ROOT, Bug, check_found, chosen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(660)]

SIGN_IN = "tests/accounts/test_sign_in.py"
PASSWORDS = "tests/accounts/test_passwords.py"
CONFIRMATION = "tests/accounts/test_confirmation.py"
REGISTRATION = "tests/accounts/test_registration.py"
UPLOADS = "tests/investors/test_identification.py"
ACCESS = "tests/test_access.py"
HEADERS = f"{ACCESS}::test_every_answer_bears_the_headers_and_nothing_inline"
LIMITS = "tests/security/test_limits.py"
LOG = "tests/security/test_requests_log.py::test_a_line_has_no_query_no_secret_and_no_whole_address"

CONTROLS = (
    Bug(
        "a faster hash",
        "portal/accounts/passwords.py",
        '"scrypt:32768:8:3"\n',
        '"scrypt:16384:8:1"\n',
        f"{SIGN_IN}::test_the_hash_for_unknown_addresses_is_as_slow_as_any",
    ),
    Bug(
        "leaked passwords are taken",
        "portal/accounts/forms.py",
        "if passwords.is_breached(password):",
        "if False:",
        f"{REGISTRATION}::test_a_password_that_would_be_tried_first_is_refused",
    ),
    Bug(
        "short passwords are taken",
        "portal/accounts/passwords.py",
        "SHORTEST = 12",
        "SHORTEST = 8",
        f"{REGISTRATION}::test_a_password_that_would_be_tried_first_is_refused",
    ),
    Bug(
        "one's own address is taken as a password",
        "portal/accounts/forms.py",
        "LEFT_OVER = 8",
        "LEFT_OVER = 0",
        f"{REGISTRATION}::test_a_password_that_would_be_tried_first_is_refused",
    ),
    Bug(
        "no work for an unknown address",
        "portal/accounts/passwords.py",
        "right = check_password_hash(user.password_hash if user else NOBODYS, normalised(password))",
        "right = user is not None and check_password_hash(user.password_hash, normalised(password))",
        f"{SIGN_IN}::test_an_unknown_address_takes_the_same_work",
    ),
    Bug(
        "no work for a forgotten password of nobody",
        "portal/accounts/registration.py",
        '    is_right(None, "")\n',
        "",
        f"{PASSWORDS}::test_an_unknown_address_takes_the_same_slow_hash",
    ),
    Bug(
        "no limits at all",
        "portal/accounts/attempts.py",
        "    if len(others) == limit.tries:",
        "    if False:",
        f"{LIMITS}::test_brute_force_is_stopped_across_processes_and_restarts",
    ),
    Bug(
        "strangers close an account by failing",
        "portal/accounts/attempts.py",
        "    return limit, there if is_known else account",
        "    return limit, account",
        f"{LIMITS}::test_nobody_closes_an_account_to_its_owner_by_failing",
    ),
    Bug(
        "a sign-in under way outlives a new password",
        "portal/accounts/passwords.py",
        "    same = (User.id == user.id, User.password_hash == password_hash)",
        "    same = (User.id == user.id,)",
        f"{PASSWORDS}::test_an_old_password_is_worth_nothing_after_a_reset",
    ),
    Bug(
        "limits of each process alone",
        "portal/accounts/attempts.py",
        'secret = current_app.config["SECRET_KEY"].encode()',
        "secret = str(id(current_app._get_current_object())).encode()",
        f"{LIMITS}::test_brute_force_is_stopped_across_processes_and_restarts",
    ),
    Bug(
        "no limit on mails from one address",
        "portal/accounts/routes.py",
        "    if form.validate_on_submit():\n        attempts.take((attempts.MAIL_ADDRESS, client_address()))\n",
        "    if form.validate_on_submit():\n",
        f"{LIMITS}::test_registrations_and_mails_are_limited_per_address",
    ),
    Bug(
        "no limit on guessing links",
        "portal/accounts/routes.py",
        "        attempts.take((attempts.LINK_ADDRESS, client_address()))\n        logs",
        "        logs",
        f"{LIMITS}::test_guessing_mailed_links_is_limited_per_address",
    ),
    Bug(
        "no limit on guessing the secret of the webhooks",
        "portal/webhooks/tokens.py",
        "        taken = attempts.take(*limited)\n",
        "        taken: list[int] = []\n",
        f"{LIMITS}::test_guessing_the_secret_of_the_webhooks_is_limited",
    ),
    Bug(
        "any address that is claimed is believed",
        "portal/__init__.py",
        "    if settings.proxies:\n        from",
        "    if True:\n        from",
        f"{LIMITS}::test_a_forwarded_address_is_believed_only_behind_a_declared_proxy",
        also=("portal/__init__.py", "x_for=settings.proxies", "x_for=1"),
    ),
    Bug(
        "a session outlives signing out",
        "portal/accounts/sessions.py",
        "    db.session.execute(delete(UserSession).where(UserSession.token_hash == hash_token(token)))\n",
        "",
        f"{SIGN_IN}::test_a_copied_cookie_is_dead_after_signing_out",
    ),
    Bug(
        "sessions outlive a new password",
        "portal/accounts/registration.py",
        "    end_all_sessions(user)\n    close_links",
        "    close_links",
        f"{PASSWORDS}::test_changing_the_password_ends_the_other_browsers",
    ),
    Bug(
        "a copied cookie outlives a new password",
        "portal/accounts/account.py",
        "        sessions.sign_in(user, password_hash)\n        flash(_(\"Your password is changed",
        "        token = __import__(\"flask\").session[\"_user_id\"]\n"
        "        db.session.add(__import__(\"portal.models\").models.UserSession(\n"
        "            token_hash=sessions.hash_token(token), user_id=user.id))\n        db.session.commit()\n"
        "        flash(_(\"Your password is changed",
        f"{PASSWORDS}::test_changing_the_password_is_a_new_session",
    ),
    Bug(
        "a session from before signing in goes on",
        "portal/accounts/sessions.py",
        "    session.clear()\n    token = secrets",
        "    token = secrets",
        f"{ACCESS}::test_a_token_from_before_signing_in_is_worth_nothing_afterwards",
    ),
    Bug(
        "sessions never end by themselves",
        "portal/accounts/sessions.py",
        "now() - seen_at <= IDLE and now() - created_at <= LONGEST and ",
        "",
        f"{SIGN_IN}::test_after_the_session_has_ended_one_is_back_on_the_page",
    ),
    Bug(
        "scripts read the cookie",
        "portal/__init__.py",
        "SESSION_COOKIE_HTTPONLY=True",
        "SESSION_COOKIE_HTTPONLY=False",
        HEADERS,
    ),
    Bug(
        "other sites send the cookie",
        "portal/__init__.py",
        'SESSION_COOKIE_SAMESITE="Lax"',
        "SESSION_COOKIE_SAMESITE=None",
        HEADERS,
    ),
    Bug(
        "the cookie travels in the open",
        "portal/__init__.py",
        "SESSION_COOKIE_SECURE=settings.over_https",
        "SESSION_COOKIE_SECURE=False",
        f"{ACCESS}::test_the_scheme_of_the_public_address_decides_about_the_cookies",
    ),
    Bug(
        "the language's cookie travels in the open",
        "portal/language.py",
        "secure=settings().over_https",
        "secure=False",
        f"{ACCESS}::test_the_scheme_of_the_public_address_decides_about_the_cookies",
    ),
    Bug(
        "no HSTS",
        "portal/web.py",
        "    if settings.over_https:\n        headers[",
        "    if False:\n        headers[",
        f"{ACCESS}::test_the_scheme_of_the_public_address_decides_about_the_cookies",
    ),
    Bug(
        "inline scripts are allowed",
        "portal/web.py",
        '"script-src": "\'self\'",',
        '"script-src": "\'self\' \'unsafe-inline\'",',
        HEADERS,
    ),
    Bug("pages are kept by browsers", "portal/web.py", '"Cache-Control": "no-store"', '"X-Nothing": ""', HEADERS),
    Bug(
        "no token against forged requests",
        "portal/web.py",
        "    csrf.init_app(app)\n",
        "",
        f"{ACCESS}::test_a_post_without_a_token_of_this_session_does_nothing",
    ),
    Bug(
        "signing in leads anywhere",
        "portal/navigation.py",
        'if not target or not target.startswith("/") or target[1:2] in ("/", "\\\\"):',
        "if not target:",
        f"{SIGN_IN}::test_signing_in_leads_to_no_other_site",
        short=True,
    ),
    Bug(
        "any host is served",
        "portal/web.py",
        "        raise MisdirectedRequest\n",
        "        return None\n",
        f"{ACCESS}::test_pages_of_errors_are_pages_like_the_others",
    ),
    Bug(
        "everybody sees every investment",
        "portal/investments/routes.py",
        "if investment is None or investment.user_id != current_user.id:",
        "if investment is None:",
        f"{ACCESS}::test_everybody_gets_the_answer_of_the_table",
    ),
    Bug(
        "a link works twice",
        "portal/accounts/tokens.py",
        "is_open = row.used_at is None and ",
        "is_open = ",
        f"{CONFIRMATION}::test_a_link_works_once",
    ),
    Bug(
        "a link for one purpose serves another",
        "portal/accounts/tokens.py",
        "EmailToken.token_hash == hash_token(token), EmailToken.purpose == purpose",
        "EmailToken.token_hash == hash_token(token)",
        f"{CONFIRMATION}::test_a_link_is_for_its_purpose_only",
    ),
    Bug(
        "a stranger's first password stays valid",
        "portal/accounts/registration.py",
        "user.email_confirmed_at, user.password_hash = now(), password_hash",
        "user.email_confirmed_at = now()",
        f"{CONFIRMATION}::test_a_strangers_first_password_is_void",
    ),
    Bug(
        "files of any kind",
        "portal/investors/identification.py",
        'if not content.startswith(b"%PDF-"):',
        "if False:",
        f"{UPLOADS}::test_a_file_is_judged_by_its_content",
    ),
    Bug(
        "files of any size",
        "portal/__init__.py",
        "MAX_CONTENT_LENGTH=11 * 1024 * 1024",
        "MAX_CONTENT_LENGTH=None",
        f"{UPLOADS}::test_ten_megabytes_are_taken_and_twelve_are_not_read",
    ),
    Bug(
        "file names as they come",
        "portal/investors/identification.py",
        '.rpartition("/")[2]',
        "",
        f"{UPLOADS}::test_a_file_name_is_made_harmless",
    ),
    Bug(
        "output is not escaped",
        "portal/web.py",
        "    masked = {",
        "    app.jinja_env.autoescape = False\n    masked = {",
        "tests/investors/test_steps.py::test_any_visible_name_is_stored_and_escaped",
    ),
    Bug(
        "values of statements in exceptions",
        "portal/database.py",
        '{"hide_parameters": True}',
        '{"hide_parameters": False}',
        "tests/test_logs.py::test_with_all_loggers_at_debug",
    ),
    Bug("paths as they were typed", "portal/logs.py", "    return path\n", "    return request.full_path\n", LOG),
    Bug("whole addresses", "portal/logs.py", "masked(request.remote_addr)", "request.remote_addr", LOG),
    Bug(
        "secrets that can be guessed",
        "portal/config.py",
        "return repeats or len(set(secret)) < min(8, len(secret) / 4) or neighbours > len(secret) * 2 / 3",
        "return False",
        "tests/test_settings.py::test_a_wrong_value_is_named_with_its_remedy",
        short=True,
    ),
    Bug(
        "the demo's settings in earnest",
        "portal/config.py",
        "    published = set(DEMO_VALUES.values())",
        "    published: set[str] = set()",
        "tests/test_settings.py::test_the_demos_settings_are_recognised",
    ),
    Bug(
        "browsers keep pages after signing out",
        "portal/accounts/routes.py",
        "    response.headers[\"Clear-Site-Data\"] = '\"cache\", \"storage\"'\n",
        "",
        f"{SIGN_IN}::test_a_copied_cookie_is_dead_after_signing_out",
    ),
    Bug(
        "the server names itself",
        "portal/server.py",
        'if keyword.lower() != "server":',
        "if True:",
        "tests/test_server.py::test_no_answer_names_the_server",
    ),
    Bug(
        "a wrong bearer token opens the receiver",
        "portal/webhooks/routes.py",
        'return scheme.lower() == "bearer" and (any(matches) or is_issued(token.strip()))',
        'return scheme.lower() == "bearer" and bool(token.strip())',
        "tests/webhooks/test_receiver.py::test_without_the_token_nothing_is_stored",
    ),
    Bug(
        "a token never ends",
        "portal/webhooks/tokens.py",
        "_serializer().loads(token, max_age=LIFETIME)",
        "_serializer().loads(token)",
        "tests/webhooks/test_tokens.py::test_a_token_ends_after_its_lifetime",
    ),
    Bug(
        "deleted data stay in the file",
        "portal/database.py",
        '"secure_delete=ON",',
        '"secure_delete=OFF",',
        "tests/accounts/test_deletion.py::test_a_deleted_account_leaves_nothing_behind",
    ),
)  # fmt: skip


@pytest.mark.parametrize("control", chosen(CONTROLS), ids=lambda control: control.name)
def test_a_control_that_is_switched_off_is_missed(control: Bug, tmp_path: Path) -> None:
    check_found(control, tmp_path)


def test_each_control_still_fits_the_source_and_stands_in_security_md() -> None:
    told = (ROOT / "SECURITY.md").read_text()
    for control in CONTROLS:
        assert (ROOT / control.file).read_text().count(control.right) == 1, control.name
        assert f"`{control.tests.partition('::')[2]}`" in told, f"{control.name}: {control.tests}"
