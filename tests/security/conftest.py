"""Passwords that hash fast, for the tests that are not about hashing."""

from __future__ import annotations

import pytest

from portal.accounts import passwords


@pytest.fixture
def fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    monkeypatch.setattr(passwords, "NOBODYS", passwords.hash_password("nobody's"))
