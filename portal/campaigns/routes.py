"""The list of campaigns, a campaign's page, and "Invest now", where step 2 begins."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import NotFound

from .. import integration
from ..config import ConfigurationError, settings
from ..investments.holdings import read_portfolio
from ..language import day, language
from ..language import gettext as _
from . import content, documents, funding
from .content import Campaign
from .view import Card, contents, in_order, invest_box, page
from .wording import decimal, thousands

bp = Blueprint("campaigns", __name__)
bp.add_app_template_filter(decimal)
bp.add_app_template_filter(thousands)

# Larger than any that this portal has shown.
HIGHEST_NUMBER = 10_000


@bp.record_once
def _check_content(state: BlueprintSetupState) -> None:
    """Each campaign that is mapped must have its file; better to stop at the start than at a visitor's page."""
    for mapping in state.app.extensions["settings"].campaigns:
        if not content.is_there(mapping.slug):
            raise ConfigurationError(
                f"CASHLINK_CAMPAIGNS: there is no portal/campaigns/data/{mapping.slug}.toml. Add it or correct the slug"
            )


@bp.get("/")
def campaign_list() -> ResponseReturnValue:
    """All campaigns, and what a signed-in person has to do next."""
    told = funding.read_all()
    found = [content.campaign(mapping.slug) for mapping in settings().campaigns]
    cards = [Card.of(campaign, told.get(campaign.slug)) for campaign in found if campaign is not None]
    tasks = read_portfolio(current_user).tasks if current_user.is_authenticated else ()
    return render_template("campaigns/list.html", cards=in_order(cards), tasks=tasks)


@bp.get("/campaigns/<slug>")
def campaign_page(slug: str) -> ResponseReturnValue:
    """Everything about one campaign."""
    return _show(_campaign(slug))


@bp.get("/campaigns/<slug>/documents/<name>.pdf")
def document(slug: str, name: str) -> ResponseReturnValue:
    """A document of the campaign, in the language of the request."""
    campaign = _campaign(slug)
    if name not in documents.DOCUMENTS:
        raise NotFound
    file = documents.file(campaign, name)
    return Response(
        file.content,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{file.name}"', "Content-Language": language()},
    )


@bp.post("/campaigns/<slug>/invest")
def invest(slug: str) -> ResponseReturnValue:
    """Start the subscription at Cashlink, or continue the open one, and send the investor there."""
    campaign = _campaign(slug)
    if not current_user.is_authenticated:
        return redirect(f"/login?next={url_for('.campaign_page', slug=slug)}", 303)
    number = request.form.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10 and 0 < int(number) <= HIGHEST_NUMBER):
        abort(400)
    state = funding.state(campaign, funding.read(slug))
    if state not in ("open", "almost_full"):
        g.notice = closed_notice(campaign, state)
        return _show(campaign), 409
    if current_user.email_confirmed_at is None:
        return redirect("/register/sent", 303)
    if integration.import_state(current_user.investor) in ("none", "refused", "withdrawn"):
        return redirect(f"/investor?next={url_for('.campaign_page', slug=slug)}", 303)
    investment = integration.start_subscription(current_user, slug, int(number))
    start_url = integration.usable_start_url(investment)
    return redirect(start_url or url_for("investments.progress", investment_id=investment.id), 303)


def _campaign(slug: str) -> Campaign:
    campaign = content.campaign(slug) if settings().campaign(slug) else None
    if campaign is None:
        raise NotFound
    return campaign


def _show(campaign: Campaign) -> str:
    told = funding.read(campaign.slug)
    box = invest_box(campaign, told, current_user if current_user.is_authenticated else None)
    anchors = contents(campaign, box.state == "coming")
    return render_template("campaigns/page.html", box=box, contents=anchors, **page(campaign))


def closed_notice(campaign: Campaign, state: funding.State) -> str:
    """Why nothing was started."""
    if state == "coming":
        return str(_("Subscription opens on %(day)s. Nothing was started.", day=day(campaign.opens)))
    if state == "full":
        return str(_("This campaign is fully funded. Nothing was started."))
    if state == "paused":
        return str(_("The issuer takes no subscriptions at the moment. Nothing was started."))
    return str(_("This campaign closed on %(day)s. Nothing was started.", day=day(campaign.closes)))
