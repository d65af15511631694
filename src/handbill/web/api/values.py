"""The kinds of fields that several objects of the API share, with their bounds."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

from handbill.kernel import ids
from handbill.kernel.clock import Instant, parse_iso
from handbill.kernel.money import AMOUNT_MAX, currencies, currency_fault
from handbill.links.model import (
    METADATA_KEY_MAX,
    METADATA_MAX,
    METADATA_VALUE_MAX,
    URL_MAX,
)

_MOMENT_MAX = 253_402_300_800_000  # the year 10000, which ISO 8601 cannot write


def read_moment(value: Any) -> Instant:
    """Raises ValueError with words for the caller."""
    words = "must be a time with its offset, such as 2026-03-01T10:00:00+00:00"
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError(words)
    try:
        moment = parse_iso(value)
    except (ValueError, OverflowError):
        raise ValueError(words) from None
    if not 0 <= moment < _MOMENT_MAX:
        raise ValueError("must be a time from 1970 to 9999")
    return moment


def read_id(value: Any) -> str:
    """The canonical form of an id. Raises ValueError with words for the caller."""
    known = ids.parse_id(value) if isinstance(value, str) else None
    if known is None:
        raise ValueError("must be an id: a UUID")
    return known


def read_product(value: Any) -> str:
    """An id, or an object with one, as answers show products. Whether it is an id that is known
    here is not judged: unknown ones are ignored, with a warning."""
    name = value.get("id") if isinstance(value, dict) else value
    if not isinstance(name, str):
        raise ValueError("must be the id of a product, or an object with its id")
    return name


def read_quantity(value: Any) -> str:
    """Text as it is, a JSON number as the text of it. Raises ValueError with words."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError('must be a decimal as a string, such as "1" or "0.5"')
    if not Decimal("0.001") <= value < 10**9:
        raise ValueError("must be at least 0.001 and less than 1000000000")
    return format(Decimal(value), "f")


_MOMENT = {"type": "string", "format": "date-time", "examples": ["2026-03-01T10:00:00+00:00"]}
_ID = {"type": "string", "format": "uuid"}

MomentIn = Annotated[Instant, Meta(extra={"read": read_moment, "schema": _MOMENT})]
Moment = Annotated[
    str,
    Meta(
        description="Always UTC, to the second.",
        extra={"schema": _MOMENT, "shared": "Time"},
    ),
]
Id = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
IdIn = Annotated[str, Meta(extra={"read": read_id, "schema": _ID})]
ProductIn = Annotated[
    str,
    Meta(
        extra={
            "read": read_product,
            "schema": {
                "anyOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "properties": {"id": {"type": "string"}},
                        "required": ["id"],
                    },
                ]
            },
        }
    ),
]
Currency = Annotated[
    str,
    Meta(
        description="ISO 4217 code.",
        extra={
            "check": currency_fault,
            "schema": {"type": "string", "enum": sorted(currencies())},
            "shared": "Currency",
        },
    ),
]
Minor = Annotated[
    int, Meta(ge=0, le=AMOUNT_MAX, description="Minor units of the currency (kopecks, cents).")
]
PositiveMinor = Annotated[
    int, Meta(ge=1, le=AMOUNT_MAX, description="Minor units of the currency (kopecks, cents).")
]
Quantity = Annotated[
    str,
    Meta(
        extra={
            "read": read_quantity,
            "schema": {
                "type": ["string", "number"],
                "pattern": r"^[0-9]{1,9}(\.[0-9]{1,3})?$",
                "exclusiveMinimum": 0,
                "maximum": 999_999_999,
            },
        }
    ),
]
Address = Annotated[
    str, Meta(min_length=1, max_length=URL_MAX, extra_json_schema={"format": "uri"})
]
Metadata = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=METADATA_KEY_MAX)],
        Annotated[str, Meta(max_length=METADATA_VALUE_MAX)],
    ],
    Meta(max_length=METADATA_MAX, description="Your own names and values, given back as they are."),
]
