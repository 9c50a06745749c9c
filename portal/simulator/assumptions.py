"""What the simulator does where Cashlink's public documentation says nothing.

Each constant is a guess that the portal must not depend on further than said here; when the real API is seen to do
otherwise, it is corrected in this file.
"""

# RFC 6749 allows any lifetime; an hour is common.
TOKEN_SECONDS = 3600

# A token without the scope is answered 403, as Django REST framework does for a missing permission.
# A request for a token that names no scope gets all of them.
SCOPES = ("investors:read", "investors:write", "investments:read", "investments:write", "documents:write")

# A body's reference to an object that does not exist is a field error (400) that names the field; an id in the path
# that does not exist is 404.
UNKNOWN_REFERENCE = "No object with this id exists."

# A campaign that is not open takes no investment: 400 that names the field.
CAMPAIGN_NOT_OPEN = "This campaign is not open for subscriptions."

# An investment that was signed elsewhere keeps the campaign's limits: 400 that names the field.
UNITS_OUT_OF_RANGE = "This amount is outside the limits of the campaign."
NOT_ENOUGH_LEFT = "The campaign has less left than this."

# Pages of a list are numbered by ?page= and hold this many rows.
PAGE_SIZE = 20

# A start_url may be opened as often as wanted, for this long; a GET of the investment gives one that still has at least
# a day to go, the same or a new one.
START_URL_DAYS = 30

# MR is documented; the rest is a guess, and a person without a salutation leaves the field out.
SALUTATIONS = ("MR", "MS")

# IDCARD and POSTIDENT were seen; the rest is a guess.
DOCUMENT_TYPES = ("IDCARD", "PASSPORT")
IDENTITY_PROVIDERS = ("POSTIDENT", "VIDEOIDENT", "EID")

# What an upload may be; the documentation names no limit.
UPLOAD_TYPES = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
UPLOAD_BYTES = 10 * 1024 * 1024

# So long an investor may withdraw after signing [documented: as a rule 14 days].
WITHDRAWAL_DAYS = 14

# An investor who gives up before signing ends the investment with this code; before the signature no code is
# documented.
GIVEN_UP_BEFORE_SIGNING = "ABORTION"

# Which code an identification that has failed for good leads to, once the issuer has cancelled.
AFTER_FAILED_KYC = "ABORTION"

# An investor whose identification the portal has imported needs none at Cashlink: the signature leads to the review.
STATUS_AFTER_SIGNING = "KYC_PENDING"
STATUS_AFTER_SIGNING_IDENTIFIED = "REVIEW_PENDING"

# The documentation says "retried until 2xx"; these are the pauses in between, in seconds, and their jitter.
RETRY_PAUSES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 300)
RETRY_JITTER = 0.1
