"""/api/external/v2/investors/: natural persons, their communication details, identifications and wallets.

Legal and benefiting persons are not imitated, for no document at hand shows their shape.
"""

from typing import Any

from flask import Blueprint, g
from sqlalchemy import select

from ..assumptions import UNKNOWN_REFERENCE
from ..models import Document, Identification, Investor, Wallet, db, new_id
from ..runtime import runtime
from .dispatch import Answer, endpoint, read_body
from .errors import not_found, refused
from .operations import CHANGE_INVESTOR, CREATE_IDENTIFICATION, CREATE_INVESTOR, CREATE_WALLET, READ_INVESTOR

bp = Blueprint("investors", __name__)


@endpoint(bp, CREATE_INVESTOR)
def create_investor() -> Answer:
    data = read_body(CREATE_INVESTOR)
    investor = Investor(id=new_id(), created_at=runtime().clock.now(), data=data)
    db.session.add(investor)
    g.object_id = investor.id
    return {"id": investor.id}


@endpoint(bp, READ_INVESTOR)
def read_investor(investor_id: str) -> Answer:
    return represent(find_investor(investor_id))


@endpoint(bp, CHANGE_INVESTOR)
def change_investor(investor_id: str) -> Answer:
    investor = find_investor(investor_id)
    investor.communication = {"email_confirmed": False} | read_body(CHANGE_INVESTOR)["communication"]
    return represent(investor)


@endpoint(bp, CREATE_IDENTIFICATION)
def create_identification(investor_id: str) -> Answer:
    investor = find_investor(investor_id)
    data = read_body(CREATE_IDENTIFICATION)
    if db.session.get(Document, data["legitimation_protocol_id"]) is None:
        raise refused({"legitimation_protocol_id": [UNKNOWN_REFERENCE]})
    identification = Identification(
        id=new_id(),
        created_at=runtime().clock.now(),
        investor_id=investor.id,
        document_id=data["legitimation_protocol_id"],
        data=data,
    )
    db.session.add(identification)
    return {"id": identification.id}


@endpoint(bp, CREATE_WALLET)
def create_wallet(investor_id: str) -> Answer:
    """A wallet that the investor holds; the web-based subscription does without one."""
    investor = find_investor(investor_id)
    address = read_body(CREATE_WALLET)["address"]
    wallet = Wallet(id=new_id(), created_at=runtime().clock.now(), investor_id=investor.id, address=address)
    db.session.add(wallet)
    return {"id": wallet.id}


def find_investor(investor_id: str) -> Investor:
    investor = db.session.scalar(select(Investor).where(Investor.id == investor_id))
    if investor is None:
        raise not_found()
    g.object_id = investor.id
    return investor


def represent(investor: Investor) -> dict[str, Any]:
    return {"id": investor.id, **investor.data, "communication": investor.communication}
