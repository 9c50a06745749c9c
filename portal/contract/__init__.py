"""The contract between Cashlink's API and an application that uses it: rules, each once, and an engine that tries them.

Imports neither the portal nor the simulator: it knows HTTP and the simulator's `/_control/`, so that the same rules
judge the simulator, a partner's application in any language, and Cashlink's environment.

The engine is small. A *check* is something that can be tried; what it returns is a *finding*:

    from portal.contract import Check, Text, exit_code, failed, ok, run, unknown

    def look() -> Finding:
        if answer.status == 200:
            return ok(Text("a token for 60 minutes", "ein Token für 60 Minuten"))
        return failed(
            Text("401 invalid_client", "401 invalid_client"),
            remedy=Text("Set CASHLINK_CLIENT_SECRET anew.", "Setzen Sie CASHLINK_CLIENT_SECRET neu."),
            ask=Text("your contact person at Cashlink", "Ihre Ansprechperson bei Cashlink"),
        )

    token = Check("token", Text("token", "Token"), look)
    scopes = Check("scopes", Text("scopes", "Berechtigungen"), look_at_scopes, needs=("token",))
    results = run([token, scopes], tell=lambda result: print(line(result, "en")))
    raise SystemExit(exit_code(results))

- `ok`, `failed`, `unknown` make findings; unknown means that it cannot be known from here, and is no failure.
- `needs` names checks without whose success this one is not tried; it is unknown then, and says so.
- A check that raises is a finding too: `NotTried(text)` gives unknown, an error of the network gives failed, and only
  its kind is told, for the text of an exception may hold what is secret.
- `line(result, language)` is a line for a terminal, with remedy and whom to ask; `as_data(results, language)` goes into
  JSON; `exit_code(results)` is 1 when something failed, else 0.
- All texts are `Text(english, german)`; `text.to(language)` chooses.

Rules are made by `@rule(...)` in `api/` and `app/` and read by `rules.RULES`; each has a probe that returns a finding.
"""

from .engine import Check, Finding, NotTried, Result, as_data, exit_code, failed, line, ok, run, unknown
from .texts import LANGUAGES, Text

__all__ = [
    "LANGUAGES",
    "Check",
    "Finding",
    "NotTried",
    "Result",
    "Text",
    "as_data",
    "exit_code",
    "failed",
    "line",
    "ok",
    "run",
    "unknown",
]
