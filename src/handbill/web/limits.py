"""The limits of the API in words, beside the numbers that are enforced."""

from __future__ import annotations

import msgspec

from handbill.kernel.money import AMOUNT_MAX
from handbill.web.bodies import BODY_MAX, DEPTH_MAX
from handbill.web.cursors import PAGE_MAX
from handbill.web.rates import Rates
from handbill.web.validation import MEMBERS_MAX


class Limit(msgspec.Struct, frozen=True):
    name: str
    words: str


def of(rates: Rates | None) -> list[Limit]:
    """Every limit that is not one field's own. `rates` None: calls are not limited."""
    of_keys = "No limit on this installation."
    if rates is not None:
        of_keys = (
            f"{rates.per_second:,} a second on average, {rates.burst:,} at once, for each key."
            " The headers `ratelimit-policy` and `ratelimit` say where a key stands; over it the"
            " answer is 429 with `retry-after`."
        )
    return [
        Limit("Requests", of_keys),
        Limit("Body", f"{BODY_MAX // 1024} KiB of JSON, refused before it is read whole."),
        Limit("Depth", f"{DEPTH_MAX} levels of arrays and objects."),
        Limit("Members", f"{MEMBERS_MAX} in one object; doubled members are refused (400)."),
        Limit("Pages", f"{PAGE_MAX} objects."),
        Limit("Amounts", f"{AMOUNT_MAX:,} minor units."),
    ]
