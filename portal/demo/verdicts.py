"""What came of an act, computed from the simulator's log and the database; what the portal recorded of itself does not
count. Each verdict is a list of things that must be true, in words that tell what was found.
"""

from __future__ import annotations

from flask_babel import LazyString, lazy_ngettext
from flask_babel import lazy_gettext as _l

from .. import history
from ..cashlink import statuses
from .stage.evidence import Check, Evidence, Verdict, keys, open_calls, seconds, told_by_webhook
from .stage.play import Play, Stuck


def evidence(play: Play) -> Evidence:
    if play.evidence is None:
        raise Stuck("no act has begun")
    return play.evidence


def count(number: int, wanted: int, words: LazyString) -> Check:
    return Check(number == wanted, words)


def one_more_at_cashlink(play: Play) -> Check:
    """That Cashlink has one investment more of this person than before the act."""
    found = len(evidence(play).at_cashlink(play.user())) - play.noted["before"]
    return count(
        found,
        1,
        lazy_ngettext("%(num)d new investment at Cashlink", "%(num)d new investments at Cashlink", found),
    )


def same_status(play: Play) -> Check:
    """That the portal says what Cashlink says."""
    ours = play.status()
    theirs = next(one["status"] for one in evidence(play).at_cashlink(play.user()) if one["id"] == play.cashlink_id())
    if ours == theirs:
        return Check(True, _l("portal and Cashlink both say %(status)s", status=ours))
    return Check(False, _l("the portal says %(ours)s, Cashlink %(theirs)s", ours=ours, theirs=theirs))


def one_key(play: Play) -> Check:
    used = len(keys(evidence(play).creations()))
    return count(used, 1, _l("one key") if used == 1 else _l("%(num)d keys", num=used))


def attempts(play: Play) -> LazyString:
    found = len(evidence(play).creations())
    return lazy_ngettext("%(num)d attempt", "%(num)d attempts", found)


def redirected(play: Play) -> Check:
    """How long the investor waited for Cashlink's first page."""
    if "redirected" not in play.noted:
        return Check(False, _l("the investor was not redirected"))
    return Check(True, _l("investor redirected after %(seconds)s s", seconds=seconds(play.noted["redirected"])))


def judge_lost(play: Play) -> Verdict:
    return Verdict(
        (
            Check(len(evidence(play).creations()) >= 2, attempts(play)),
            one_key(play),
            one_more_at_cashlink(play),
            redirected(play),
        )
    )


def judge_twice(play: Play) -> Verdict:
    places = len(set(play.noted["answers"]))
    creations = len(evidence(play).creations())
    return Verdict(
        (
            Check(len(play.noted["answers"]) == 2, _l("2 clicks")),
            count(creations, 1, attempts(play)),
            one_more_at_cashlink(play),
            count(places, 1, _l("both led to the same page") if places == 1 else _l("they led to different pages")),
        )
    )


def judge_shuffled(play: Play) -> Verdict:
    arrived = evidence(play).arrivals(play.cashlink_id())
    order = [status for status, _answer in arrived]
    wanted = [statuses.WAITING_FOR_ACCEPTANCE, statuses.REVIEW_PENDING]
    late = sorted(wanted, key=[*order, *wanted].index) == wanted
    rows = [status for status in told_by_webhook(play.cashlink_id()) if status in wanted]
    once = sorted(rows) == sorted(wanted)
    return Verdict(
        (
            Check(len(arrived) == 4, _l("%(num)d webhooks for 2 changes", num=len(arrived))),
            Check(all(answer == 204 for _status, answer in arrived), _l("each answered with 204")),
            Check(late, _l("the older one came later") if late else _l("they came in order")),
            Check(once, _l("each change recorded once") if once else _l("%(num)d records of 2 changes", num=len(rows))),
            same_status(play),
        )
    )


def judge_dropped(play: Play) -> Verdict:
    arrived = len(evidence(play).arrivals(play.cashlink_id()))
    asked = len(evidence(play).questions(play.cashlink_id()))
    return Verdict(
        (
            count(arrived, 0, lazy_ngettext("%(num)d webhook arrived", "%(num)d webhooks arrived", arrived)),
            Check(asked > 0, lazy_ngettext("the portal asked %(num)d time", "the portal asked %(num)d times", asked)),
            same_status(play),
        )
    )


def judge_lied(play: Play) -> Verdict:
    arrived = [status for status, _answer in evidence(play).arrivals(play.cashlink_id())]
    lied = statuses.DELIVERED in arrived
    asked = len(evidence(play).questions(play.cashlink_id()))
    return Verdict(
        (
            Check(lied, _l("a webhook said %(status)s", status=statuses.DELIVERED)),
            Check(asked > 0, lazy_ngettext("the portal asked %(num)d time", "the portal asked %(num)d times", asked)),
            same_status(play),
        )
    )


def judge_everything(play: Play) -> Verdict:
    """All of this person's investments, on both sides."""
    user = play.user()
    ours = {
        investment.cashlink_id: change.status if change else None for investment, change in history.investments_of(user)
    }
    theirs = {one["id"]: one["status"] for one in evidence(play).at_cashlink(user)}
    equal = ours == theirs
    waiting = len(open_calls(user))
    return Verdict(
        (
            count(
                len(ours),
                len(theirs),
                lazy_ngettext("%(num)d investment on both sides", "%(num)d investments on both sides", len(theirs))
                if len(ours) == len(theirs)
                else _l("%(ours)d investments here, %(theirs)d at Cashlink", ours=len(ours), theirs=len(theirs)),
            ),
            Check(equal, _l("with the same status") if equal else _l("with different statuses")),
            count(waiting, 0, _l("no call is open") if not waiting else _l("%(num)d calls are open", num=waiting)),
        )
    )
