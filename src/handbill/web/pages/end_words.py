"""The words of the pages where a payer cannot go on: every end, with its HTTP status.

They say what happened, then whether money moved, then what to do. They never blame.
"""

from __future__ import annotations

import msgspec

from handbill.web.pages.words import N_


class EndWords(msgspec.Struct, frozen=True):
    """An end state: its HTTP status and heading, what happened, whether money moved, what to do
    next, and a button where there is somewhere to go."""

    http_status: int
    title: str
    words: str
    money: str = ""
    next_step: str = ""
    button: str = ""


_UNCHARGED = N_("You have not been charged.")
# For who only looks: they may have paid here before, on another device.
_NOTHING_NOW = N_("Nothing was charged just now.")
_ASK = N_("Ask the seller for a new link.")
_LATER = N_("Try again later, or ask the seller.")
_LOOK = N_("Look at your payment")

ENDS: dict[str, EndWords] = {
    # 410: it was here, and it is over for good.
    "expired": EndWords(
        410,
        N_("This link has expired"),
        N_("The time for paying here is over."),
        _NOTHING_NOW,
        _ASK,
    ),
    "used": EndWords(
        410,
        N_("This has been paid already"),
        N_("The link was for one payment, and it has been made."),
        N_("If it was yours, there is nothing more to do. If not, you have not been charged."),
        N_("If you still have something to pay, ask the seller for a new link."),
    ),
    "paid_by_another": EndWords(
        410,
        N_("Somebody else has paid this"),
        N_("The link was for one payment, and another payer made it first."),
        _UNCHARGED,
        _ASK,
        _LOOK,
    ),
    "full": EndWords(
        410,
        N_("All places are taken"),
        N_("The link was for a limited number of payments, and all of them have been made."),
        _NOTHING_NOW,
        N_("Ask the seller whether there is another link."),
    ),
    "closed": EndWords(
        410,
        N_("This link is closed"),
        N_("The seller no longer takes payments here."),
        _NOTHING_NOW,
        _ASK,
    ),
    "deleted": EndWords(
        410,
        N_("This link is gone"),
        N_("The seller has taken it down."),
        _NOTHING_NOW,
        _ASK,
    ),
    # Of a personal address.
    "address_expired": EndWords(
        410,
        N_("This address has expired"),
        N_("It was made for one payment, and the time for it is over."),
        _NOTHING_NOW,
        _ASK,
    ),
    "address_outdated": EndWords(
        410,
        N_("The price has changed"),
        N_(
            "The seller has changed what this address was made for, so nothing can be paid with "
            "it any more."
        ),
        _NOTHING_NOW,
        _ASK,
    ),
    "address_changed": EndWords(
        403,
        N_("This address is not as it was made"),
        N_(
            "A part of it is missing or was changed on the way, so the amount in it cannot be "
            "trusted."
        ),
        _NOTHING_NOW,
        N_("Open it once more from where you got it, or ask the seller for a new link."),
    ),
    # 409: not now, but perhaps soon.
    "taken": EndWords(
        409,
        N_("Somebody is paying right now"),
        N_("This link takes one payment at a time."),
        _NOTHING_NOW,
        "",
        N_("Look again"),
    ),
    "paused": EndWords(
        409,
        N_("Payments are paused"),
        N_("The seller has paused this page for now."),
        _NOTHING_NOW,
        _LATER,
    ),
    "not_open_yet": EndWords(
        409,
        N_("Not open yet"),
        N_("The seller has not set up a way to pay here yet."),
        _NOTHING_NOW,
        _LATER,
    ),
    "stale": EndWords(
        409,
        N_("This page was open for too long"),
        N_("Something may have changed since, so no payment was started."),
        _UNCHARGED,
        N_("Open the page again, and look at the amount before you pay."),
        N_("Open it again"),
    ),
    "undecided": EndWords(
        409,
        N_("Your first try is still open"),
        N_("The payment provider has not told us yet how it ends, so nothing new was started."),
        N_("Please do not pay twice."),
        N_("Wait a few seconds, then look at your payment."),
        _LOOK,
    ),
    # 200: the answer to what this payer did here.
    "paid_by_you": EndWords(
        200,
        N_("You have paid this"),
        N_("Your payment went through."),
        "",
        N_("There is nothing more to do."),
        N_("See your receipt"),
    ),
    "refunded_to_you": EndWords(
        200,
        N_("Your money was sent back"),
        N_("You paid this, and all of it was returned."),
        N_("Your bank may need a few days to show it."),
        N_("If you did not expect that, ask the seller."),
        _LOOK,
    ),
    "begun_by_you": EndWords(
        200,
        N_("You have begun to pay this"),
        N_("Nothing new can be started here any more, but what you began still counts."),
        "",
        N_("Your payment has a page of its own, which says how it stands."),
        _LOOK,
    ),
    "asked": EndWords(
        200,
        N_("The seller has been told"),
        N_(
            "They now know that somebody needs a new link here, and nothing else: nothing about "
            "you was sent along."
        ),
        "",
        N_("They may open this address again, so look here later, or write to them."),
    ),
    "asked_often": EndWords(
        429,
        N_("The seller knows already"),
        N_("A new link was asked for several times within the hour, so nothing more was sent."),
        _NOTHING_NOW,
        N_("Look here again later, or write to the seller."),
    ),
    # Of the installation, not of a link.
    "not_found": EndWords(
        404,
        N_("Nothing is here"),
        N_("The address leads nowhere. A letter may be missing or wrong."),
        "",
        N_("Check the address, or scan the code again."),
    ),
    "method_not_allowed": EndWords(
        405,
        N_("That does not work here"),
        N_("This address cannot be used in that way."),
        _NOTHING_NOW,
        N_("Go back and start from the link or the code."),
    ),
    "too_many": EndWords(
        429,
        N_("A short pause, please"),
        N_("So many requests came from your network that we cannot answer them all."),
        _NOTHING_NOW,
        N_("Wait a minute, then try again."),
    ),
    "blocked": EndWords(
        429,
        N_("Too many refused payments"),
        N_(
            "Banks refused so many payments here that no new one can begin for a while. It keeps "
            "stolen cards from being tried out."
        ),
        _UNCHARGED,
        N_("Try again in an hour, or from another network."),
    ),
    "server_error": EndWords(
        500,
        N_("Something broke on our side"),
        N_("It is our fault, not yours."),
        N_("If you had begun to pay, money may have moved."),
        N_("Look at the page of your payment before you pay again."),
    ),
    "unavailable": EndWords(
        503,
        N_("One moment, please"),
        N_("The service is busy or starting again. Nothing was lost."),
        "",
        N_("Wait a few seconds, then try again."),
    ),
}
