"""The calls of the API, declared once: address, scope, what goes in and comes out, and where it is documented.

The views are registered by these declarations, and the OpenAPI description is made from them.
"""

from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from .schemas import DOCUMENTED, RULES, SEEN

BASE = "/api/external"
JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
# Whatever the call: what stops it before it is executed.
ALWAYS = (429,)

REFERENCES = _l("What a body refers to exists.")
OPEN = _l("The campaign is open, and has the units left that are asked for.")
CONTENT = _l("A file begins as its type does.")


class Operation(NamedTuple):
    """`name` is the operation's id, `body` and `answer` are names of schemas; `rules` are beyond any schema."""

    name: str
    summary: LazyString
    source: str
    page: str
    method: str
    path: str
    scope: str | None
    answer: str
    status: int = 200
    body: str | None = None
    content_type: str = JSON
    rules: tuple[LazyString, ...] = ()

    @property
    def refusals(self) -> tuple[int, ...]:
        """The statuses of answers that say no."""
        found = set(ALWAYS)
        if self.scope:
            found |= {401, 403}
        if "{" in self.path or self.name == "list_investments":
            found.add(404)
        if self.body:
            found |= {400, 413} | ({409, 415} if self.scope else {401})
        return tuple(sorted(found))


ISSUE_TOKEN = Operation(
    "issue_token",
    _l("Fetch an access token"),
    DOCUMENTED,
    "cashlink-api/guides",
    "POST",
    f"{BASE}/oauth/token",
    None,
    "Token",
    body="TokenRequest",
    content_type=FORM,
    rules=(_l("The client id and its secret are right, in the form or by Basic, and given once."),),
)
CREATE_DOCUMENT = Operation(
    "create_document",
    _l("Upload a document"),
    DOCUMENTED,
    "cashlink-api/guides",
    "POST",
    f"{BASE}/v2/documents/",
    "documents:write",
    "Created",
    201,
    "NewDocument",
    MULTIPART,
    (CONTENT,),
)
CREATE_INVESTOR = Operation(
    "create_investor",
    _l("Create an investor"),
    DOCUMENTED,
    "distributor-api/concepts/investors",
    "POST",
    f"{BASE}/v2/investors/",
    "investors:write",
    "Created",
    201,
    "NewInvestor",
    rules=tuple(RULES[name].meaning for name in ("iban", "bic", "country", "adult", "past")),
)
READ_INVESTOR = Operation(
    "read_investor",
    _l("Read an investor"),
    SEEN,
    "cashlink-api/guides",
    "GET",
    f"{BASE}/v2/investors/{{investor_id}}/",
    "investors:read",
    "Investor",
)
CHANGE_INVESTOR = Operation(
    "change_investor",
    _l("Add the communication details"),
    DOCUMENTED,
    "more-information/web-based-subscription",
    "PATCH",
    f"{BASE}/v2/investors/{{investor_id}}/",
    "investors:write",
    "Investor",
    body="InvestorChange",
)
CREATE_IDENTIFICATION = Operation(
    "create_identification",
    _l("Pass on an identification"),
    DOCUMENTED,
    "cashlink-api/guides",
    "POST",
    f"{BASE}/v2/investors/{{investor_id}}/identifications/",
    "investors:write",
    "Created",
    201,
    "NewIdentification",
    rules=(REFERENCES, *(RULES[name].meaning for name in ("begun", "not ended", "past"))),
)
CREATE_WALLET = Operation(
    "create_wallet",
    _l("Add a wallet"),
    SEEN,
    "cashlink-api/guides",
    "POST",
    f"{BASE}/v2/investors/{{investor_id}}/wallets/eth-generic/",
    "investors:write",
    "Created",
    201,
    "NewEthGenericWallet",
)
CREATE_INVESTMENT = Operation(
    "create_investment",
    _l("Create an investment; without signed_at it is a web-based subscription"),
    DOCUMENTED,
    "more-information/web-based-subscription, distributor-api/concepts/investments",
    "POST",
    f"{BASE}/v2/investments/",
    "investments:write",
    "Investment",
    201,
    "NewInvestment",
    rules=(REFERENCES, OPEN, RULES["past"].meaning),
)
LIST_INVESTMENTS = Operation(
    "list_investments",
    _l("List all investments, oldest first"),
    DOCUMENTED,
    "cashlink-api/getting-started, issuer-api/concepts/investments",
    "GET",
    f"{BASE}/v2/investments/",
    "investments:read",
    "InvestmentPage",
)
READ_INVESTMENT = Operation(
    "read_investment",
    _l("Read an investment and its status"),
    DOCUMENTED,
    "issuer-api/concepts/investments",
    "GET",
    f"{BASE}/v2/investments/{{investment_id}}/",
    "investments:read",
    "Investment",
)
READ_FUNDING = Operation(
    "read_funding",
    _l("Read how much of each product is subscribed"),
    DOCUMENTED,
    "more-information/platform-information-api",
    "GET",
    "/api/external-info/",
    None,
    "FundingInformation",
)

OPERATIONS = (
    ISSUE_TOKEN,
    CREATE_DOCUMENT,
    CREATE_INVESTOR,
    READ_INVESTOR,
    CHANGE_INVESTOR,
    CREATE_IDENTIFICATION,
    CREATE_WALLET,
    CREATE_INVESTMENT,
    LIST_INVESTMENTS,
    READ_INVESTMENT,
    READ_FUNDING,
)
