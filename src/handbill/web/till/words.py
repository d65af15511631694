"""The words of the till that depend on a state or a fault, all in one place.

They are for a cashier with a line of people: what is so, then what to do. They never say that
money came unless the payment says so.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from handbill.web.pages.rooms import RoomWords, TroubleWords
from handbill.web.pages.words import N_

TillState = Literal[
    "open",
    "paying",
    "declined",
    "paid",
    "refunded",
    "review",
    "cancelled",
    "expired",
    "failed",
]


class StateWords(msgspec.Struct, frozen=True):
    """A state of a sale: heading, and what to do."""

    title: str
    words: str


STATES: dict[TillState, StateWords] = {
    "open": StateWords(
        N_("Scan to pay"),
        N_("Turn the screen to the customer. This page shows the result by itself."),
    ),
    "paying": StateWords(
        N_("Being paid"),
        N_("The customer is paying right now. Wait here for the result."),
    ),
    "declined": StateWords(
        N_("Not paid yet"),
        N_("The bank said no. The customer can try again with the same code."),
    ),
    "paid": StateWords(N_("Paid"), N_("The payment went through.")),
    "refunded": StateWords(N_("Refunded"), N_("The whole amount was given back.")),
    "review": StateWords(
        N_("Look at this payment"),
        N_("Money arrived, but not the amount that was asked for. Ask whoever runs the shop."),
    ),
    "cancelled": StateWords(N_("Cancelled"), N_("Nobody can pay this any more.")),
    "expired": StateWords(
        N_("Time ran out"),
        N_("Nobody paid in time. Should money arrive late, this page will say so."),
    ),
    "failed": StateWords(N_("Not paid"), N_("The payment failed. Begin a new sale.")),
}

WAITING: frozenset[TillState] = frozenset({"open", "paying", "declined"})
"""A code is shown, and the sale can be cancelled."""


_TROUBLES = {
    403: TroubleWords(
        N_("Not allowed here"),
        N_("This till may not do that. If it did before, ask whoever runs the shop."),
    ),
    404: TroubleWords(
        N_("Nothing is here"),
        N_("There is no such sale at this till, or it was too long ago."),
    ),
    409: TroubleWords(
        N_("That was not possible"),
        N_("It has changed meanwhile. Look at the sale again before you do anything else."),
    ),
    429: TroubleWords(
        N_("Too many tries"),
        N_("Wait a minute, then try again."),
    ),
    503: TroubleWords(
        N_("One moment, please"),
        N_("The service is busy or starting again. Nothing was lost. Try again in a few seconds."),
    ),
}
_BROKEN = TroubleWords(
    N_("Something broke on our side"),
    N_("Look at the sale again before you trust it."),
)
ROOMS = RoomWords(
    troubles=_TROUBLES,
    broken=_BROKEN,
    paused=N_("The shop is paused: nothing can be sold at the moment."),
    foreign=N_("This till was opened at another address than its own. Open it at %(address)s."),
)

REFUSED_KEY = N_(
    "This key does not open a till. It may be cut off or revoked, or it can do more than sell."
)
NOT_OPEN = N_("No way to pay is set up yet. Ask whoever runs the shop.")
USED = N_(
    "This page had begun a sale already, so nothing new was begun. Press Charge again to sell this."
)
STALE = N_("This page was open for too long, so nothing was given back. Type the PIN again.")
NO_AMOUNT = N_("Type an amount, or choose a product.")
TOO_MUCH = N_("Type at most %(most)s.")
WRONG_COUNT = N_("Type a whole number for each product, at most %(most)d.")
GONE = N_("A product is no longer sold. Choose again.")
NO_PIN = N_("No PIN is set, so nothing can be refunded here. Whoever runs the shop can set one.")
NOT_LEFT = N_("At most %(most)s can be refunded.")
NOT_REFUNDABLE = N_("There is nothing to refund: not paid, or all of it went back already.")
BY_HAND = N_("A bank transfer cannot be sent back from here, only from the seller's bank.")
NOT_CANCELLED = N_("It could not be cancelled: look at the result below.")
NOT_FREED = N_("That place could not be freed: it has just been paid, or is being decided.")
