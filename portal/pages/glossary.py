"""The words that a reader may not know, each explained in a sentence or two.

Other pages link to a word where they first use it: `/how-it-works#term-<slug>`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l


class Term(NamedTuple):
    slug: str
    word: Any
    meaning: Any


TERMS = (
    Term(
        "subscription",
        _l("Subscription"),
        _l(
            "Your signed offer to buy units. It binds you once you have signed; it becomes a contract when the issuer "
            "accepts."
        ),
    ),
    Term("issuer", _l("Issuer"), _l("The company that issues the securities and needs the money.")),
    Term("unit", _l("Unit"), _l("The smallest part that you can buy, for example €100.")),
    Term(
        "bond",
        _l("Bond"),
        _l("A loan in many small parts: you lend money for a fixed time and receive interest."),
    ),
    Term(
        "participation-right",
        _l("Participation right"),
        _l("You receive a share of the profit, bear a share of the losses, and have no say."),
    ),
    Term(
        "subordination",
        _l("Subordination"),
        _l("You are paid after all other creditors, and not at all if that would make the issuer insolvent."),
    ),
    Term(
        "crypto-security",
        _l("Crypto security, token"),
        _l(
            "A security that is an entry in an electronic register instead of a paper. The token is the form of that "
            "entry. It changes nothing about the risk."
        ),
    ),
    Term(
        "register",
        _l("Register"),
        _l("The list of who holds how many units, kept by a registrar. You receive a statement of your entry."),
    ),
    Term(
        "information-sheet",
        _l("Information sheet (WIB, VIB)"),
        _l("Three pages on issuer, use of the money, costs and risks. No authority checks the content."),
    ),
    Term("credit", _l("Credit"), _l("The units are entered under your name. From then on they are yours.")),
    Term(
        "cover",
        _l("Cover"),
        _l("How many times the result of a year pays for bank and investors. Below 1 it does not suffice."),
    ),
    Term(
        "identification",
        _l("Identification"),
        _l(
            "Cashlink makes certain who you are, by your identity document. The law on money laundering demands it "
            "before an issuer may accept."
        ),
    ),
    Term(
        "nominal",
        _l("Nominal amount"),
        _l("The amount on which interest and repayment are reckoned. It is not what you could sell a unit for."),
    ),
    Term(
        "withdrawal",
        _l("Withdrawal"),
        _l("Within 14 days after signing you can go back on your subscription without giving reasons."),
    ),
)
