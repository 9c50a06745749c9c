"""What no single page shows: methods, types, origins, parameters, and what the source does without."""

from __future__ import annotations

import ast
import re
from base64 import urlsafe_b64decode
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from urllib3.filepost import encode_multipart_formdata

from portal.accounts import passwords
from portal.database import db, now
from portal.models import EmailToken, User, UserSession

from ..people import PASSWORD, add_user
from ..visitor import BASE, Visitor, link_in, mails

pytestmark = pytest.mark.usefixtures("fast_hashes")

ROOT = Path(__file__).resolve().parents[2]
# What `portal serve` loads; the others are commands for a terminal.
ASIDE = {"simulator", "demo", "contract", "doctor"}
SOURCES = [path for path in (ROOT / "portal").rglob("*.py") if not ASIDE & set(path.parts)]
SCRIPTS = list((ROOT / "static").glob("*.js"))


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/no-such-page", "text/html; charset=utf-8"),
        ("/healthz", "application/json"),
        ("/static/portal.css", "text/css; charset=utf-8"),
        ("/favicon.ico", "image/svg+xml; charset=utf-8"),
    ],
)
def test_each_answer_names_its_type(client: FlaskClient, path: str, content_type: str) -> None:
    with client.get(path, base_url=BASE) as response:
        assert response.content_type == content_type
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_no_other_origin_may_read_an_answer(client: FlaskClient) -> None:
    for origin in ("https://evil.example", "null", BASE):
        for method in ("GET", "OPTIONS"):
            response = client.open("/", method=method, base_url=BASE, headers={"Origin": origin})
            assert not [name for name, _ in response.headers if name.startswith("Access-Control-")]


def test_methods_that_nothing_needs_are_refused(client: FlaskClient) -> None:
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "CONNECT"):
        assert client.open("/login", method=method, base_url=BASE).status_code == 405


def test_no_folder_is_listed_and_nothing_of_the_repository_served(client: FlaskClient) -> None:
    for path in ("/static/", "/static/fonts/", "/.git/config", "/static/../pyproject.toml", "/static/%2e%2e/README.md"):
        assert client.get(path, base_url=BASE).status_code == 404


def test_a_field_in_the_address_counts_for_nothing(app: Flask, client: FlaskClient) -> None:
    """So that a password never gets into one, and no parameter has two sources."""
    add_user(app, "alice")
    visitor = Visitor(app)
    token = visitor.get("/login").typed("csrf_token")
    query = {"email": "alice@example.org", "password": PASSWORD, "next": "/account"}
    answer = visitor.client.post("/login", base_url=BASE, query_string=query, data={"csrf_token": token})
    assert answer.status_code == 422
    assert not visitor.is_signed_in()


def test_fields_that_a_form_does_not_have_count_for_nothing(app: Flask) -> None:
    extra = {"email_confirmed_at": "2020-01-01", "id": "1", "password_hash": "x", "deletion_asked_at": "2020-01-01"}
    Visitor(app).submit("/register", email="alice@example.org", password=PASSWORD, terms="y", **extra)
    with app.app_context():
        (user,) = db.session.scalars(select(User))
        assert (user.email_confirmed_at, user.deletion_asked_at) == (None, None)
        assert user.password_hash.startswith(passwords.METHOD)


# Two kinds of marks on one letter: Unicode sorts them, which takes half a minute for so many.
MARKS = "a" + "\N{COMBINING ACUTE ACCENT}" * 60_000 + "\N{COMBINING GRAVE ACCENT BELOW}" * 60_000


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/login", "email"),
        ("/login", "password"),
        ("/register", "email"),
        ("/register", "password"),
        ("/password/forgotten", "email"),
        ("/withdraw", "name"),
        ("/withdraw", "contract"),
    ],
)
def test_no_text_of_a_stranger_occupies_a_process(app: Flask, path: str, field: str) -> None:
    visitor = Visitor(app)
    token = visitor.get(path).typed("csrf_token")
    # In a form's usual encoding so much would be too long.
    body, content = encode_multipart_formdata({"csrf_token": token, field: MARKS})
    assert visitor.client.post(path, base_url=BASE, data=body, content_type=content).status_code == 422


def test_password_fields_hide_and_take_what_is_pasted(app: Flask) -> None:
    page = Visitor(app).get("/register").soup
    (field,) = page.select("[name=password]")
    assert (field["type"], field["autocomplete"]) == ("password", "new-password")
    (field,) = Visitor(app).get("/login").soup.select("[name=password]")
    assert (field["type"], field["autocomplete"]) == ("password", "current-password")
    assert not [path for path in SCRIPTS if "paste" in path.read_text()]


def test_tokens_have_256_random_bits_and_are_kept_as_hashes(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.register("alice@example.org", PASSWORD)
    link = link_in(mails(app, "alice@example.org")[0])
    assert visitor.submit(link, password=PASSWORD).status == 303
    with visitor.client.session_transaction(base_url=BASE) as session:
        tokens = [link.rpartition("/")[2], session["_user_id"]]
    assert all(len(urlsafe_b64decode(f"{token}=")) == 32 for token in tokens)
    with app.app_context():
        kept = {*db.session.scalars(select(EmailToken.token_hash)), *db.session.scalars(select(UserSession.token_hash))}
    assert {sha256(token.encode()).hexdigest() for token in tokens} < kept


def test_a_password_does_not_grow_old(app: Flask) -> None:
    add_user(app, "alice")
    with app.app_context():
        long_ago = now() - timedelta(days=4000)
        db.session.execute(update(User).values(created_at=long_ago, email_confirmed_at=long_ago))
        db.session.commit()
    visitor = Visitor(app)
    assert visitor.sign_in("alice@example.org", PASSWORD).location == "/"
    assert visitor.is_signed_in()


# What the source does without.

FORBIDDEN_CALLS = {"eval", "exec", "compile", "system", "popen", "render_template_string", "from_string", "Markup"}
FORBIDDEN_IMPORTS = {"pickle", "marshal", "shelve", "subprocess", "yaml", "xml", "lxml", "ldap", "ctypes", "telnetlib"}
# Where trusted markup is made: of texts of the catalogue, and of text that has been escaped.
TRUSTED = {"portal/language.py", "portal/pages/glossary.py"}
# One function of the C library, called with two constants: how much memory threads are given.
ONE_FUNCTION = "portal/server.py: ctypes"
WEAK = {"md5", "sha1", "SHA1", "DES", "ARC4"}


@cache
def _trees() -> list[tuple[Path, ast.AST]]:
    return [(path.relative_to(ROOT), ast.parse(path.read_text())) for path in SOURCES]


def _name(node: Any) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_the_source_runs_no_text_as_code_and_starts_no_program() -> None:
    found = []
    for path, tree in _trees():
        for node in ast.walk(tree):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called == "Markup" and str(path) in TRUSTED:
                continue
            if called.rpartition(".")[2] in FORBIDDEN_CALLS and called != "re.compile":
                found.append(f"{path}: {called}")
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found += [f"{path}: {name}" for name in names if name.partition(".")[0] in FORBIDDEN_IMPORTS]
    assert found == [ONE_FUNCTION]


def test_sql_is_never_put_together_from_text() -> None:
    """`text()` and `execute()` get constants or expressions of SQLAlchemy, no f-strings and no sums."""
    found = []
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in ("text", "execute", "exec_driver_sql") and node.args:
                if "migrations" in path.parts or _name(getattr(node.func, "value", None)) in ("checks", "reader"):
                    continue
                if isinstance(node.args[0], ast.JoinedStr | ast.BinOp) and "PRAGMA" not in ast.unparse(node.args[0]):
                    found.append(f"{path}:{node.lineno} {ast.unparse(node.args[0])}")
    assert found == []


def test_the_source_uses_no_weak_hash_and_no_guessable_chance() -> None:
    for path, tree in _trees():
        used = {_name(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}
        assert not used & WEAK, path
        if "random" in used:
            # Jitter between two tries, nothing that somebody might want to guess.
            assert path.name in ("intents.py", "sending.py", "sync.py"), path


def test_templates_escape_everything_but_constants() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        for before in re.findall(r"([^\s(,={]+)\|safe", path.read_text()):
            assert before.startswith("'<") or before.endswith(">'"), (path.name, before)


def test_browsers_are_asked_to_store_nothing() -> None:
    for path in SCRIPTS:
        assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie|postMessage", path.read_text()), (
            path
        )
        assert not re.search(r"\beval\(|new Function|document\.write", path.read_text()), path
