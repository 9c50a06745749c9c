"""Money as the API writes it, `{"amount": "40000000", "decimals": 3, "currency": "EUR"}`, and as a Decimal.

Never a float.
Source: https://docs.cashlink.de, cashlink-api/getting-started.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any


def to_decimal(money: Mapping[str, Any]) -> Decimal:
    """The amount in units of its currency: the example above is 40,000.000.

    Raises:
        ValueError: not money as documented.
    """
    amount, decimals = money.get("amount"), money.get("decimals")
    if not isinstance(amount, str) or not isinstance(decimals, int) or isinstance(decimals, bool):
        raise ValueError("money needs an amount as a string and decimals as a number")
    if not 0 <= decimals <= 18:
        raise ValueError("decimals out of range")
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise ValueError("the amount is not a number") from error
    if not value.is_finite() or value != value.to_integral_value():
        raise ValueError("the amount is not a whole number of its smallest part")
    return value.scaleb(-decimals)


def from_decimal(value: Decimal, currency: str = "EUR", decimals: int = 3) -> dict[str, Any]:
    """The API's form of an amount.

    Raises:
        ValueError: the amount has more decimals than asked for.
    """
    scaled = value.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError("the amount has more decimals than fit")
    return {"amount": str(int(scaled)), "decimals": decimals, "currency": currency}
