"""The words of the pages that depend on a state, a method or a reason; of the ends: `end_words`.

`N_` only marks a message for the catalogue; the page translates it when it is made. Words for a
payer say what happened, then whether money moved, then what to do. They never blame.
"""

from __future__ import annotations

import msgspec

from handbill.links.asked import Contact
from handbill.links.model import Label
from handbill.payments.choice import Trouble
from handbill.web.pages.views import StatusState


def N_(message: str) -> str:  # the name that message extractors look for
    return message


class StatusWords(msgspec.Struct, frozen=True):
    """A state of a payment: heading and explanation."""

    title: str
    words: str


STATUSES: dict[StatusState, StatusWords] = {
    "waiting": StatusWords(
        N_("Waiting for the result"),
        N_("This page looks again by itself. You may close it: the payment does not need it."),
    ),
    "scan": StatusWords(
        N_("Pay in your bank's app"),
        N_("This page shows the result by itself as soon as your bank has told us."),
    ),
    "code_over": StatusWords(
        N_("This code no longer works"),
        N_(
            "If you have confirmed the payment in your bank's app, wait here: this page looks "
            "again by itself. Otherwise get a new code."
        ),
    ),
    "transfer": StatusWords(
        N_("Pay by bank transfer"),
        N_(
            "Scan the code with your bank's app, or type what stands below it. The payment is not "
            "confirmed until the seller sees the money on their account, which may take days. Then "
            "this page says so by itself."
        ),
    ),
    "charged": StatusWords(
        N_("Paid"),
        N_("Thank you. The payment went through."),
    ),
    "declined": StatusWords(
        N_("Not paid"),
        N_("The payment was declined. You have not been charged."),
    ),
    "not_started": StatusWords(
        N_("Not started"),
        N_("The payment did not begin. You have not been charged."),
    ),
    "cancelled": StatusWords(
        N_("Cancelled"),
        N_("The payment was cancelled. You have not been charged."),
    ),
    "expired": StatusWords(
        N_("Time ran out"),
        N_(
            "The payment was not finished in time, and no money has come. Should it come late, "
            "this page will say so."
        ),
    ),
    "refunded": StatusWords(
        N_("Refunded"),
        N_("The whole amount was sent back. Your bank may need a few days to show it."),
    ),
    "unknown": StatusWords(
        N_("No answer yet"),
        N_(
            "The payment provider has not told us the result. Please do not pay again: "
            "this page looks again by itself."
        ),
    ),
    "review": StatusWords(
        N_("The seller has to look at this"),
        N_(
            "Money arrived, but it is not what was asked for. Nothing is lost: the seller has been "
            "told, and accepts it or sends it back. Please do not pay again."
        ),
    ),
}


class MethodWords(msgspec.Struct, frozen=True):
    """A way to pay, as a button shows it."""

    label: str
    hint: str = ""


METHODS: dict[str, MethodWords] = {
    "card": MethodWords(N_("Bank card")),
    "sbp": MethodWords(N_("SBP"), N_("From your bank's app")),
    "lightning": MethodWords(N_("Lightning"), N_("From a Bitcoin wallet")),
    "transfer": MethodWords(N_("Bank transfer"), N_("May take a day")),
}

# What a payer types into a form of their bank, by the names that `providers.requisites` gives.
REQUISITES: dict[str, str] = {
    "name": N_("Recipient"),
    "account": N_("Account number"),
    "bank_name": N_("Bank"),
    "bic": N_("BIC"),
    "correspondent_account": N_("Correspondent account"),
    "inn": N_("Tax number (INN)"),
    "kpp": N_("Tax registration code (KPP)"),
    "iban": N_("IBAN"),
    "amount": N_("Amount in %(currency)s"),
    "purpose": N_("Purpose of the payment"),
}

# What a link is headed with that says nothing of itself.
HEADINGS: dict[Label, str] = {
    Label.PAY: N_("Payment"),
    Label.DONATE: N_("Donation"),
    Label.BOOK: N_("Booking"),
    Label.ORDER: N_("Order"),
}

BUTTONS: dict[Label, tuple[str, str]] = {
    # With the amount, and without it where the payer types one.
    Label.PAY: (N_("Pay %(amount)s"), N_("Pay")),
    Label.DONATE: (N_("Donate %(amount)s"), N_("Donate")),
    Label.BOOK: (N_("Book and pay %(amount)s"), N_("Book and pay")),
    Label.ORDER: (N_("Order and pay %(amount)s"), N_("Order and pay")),
}

CONTACTS: dict[Contact, str] = {
    Contact.EMAIL: N_("E-mail"),
    Contact.PHONE: N_("Phone"),
}

_CARD = N_("This looks like a card number. It is not needed here.")
_ANEW = N_("The seller has changed what can be chosen here. Choose again.")
_TOO_MUCH = N_("This is more than can be paid here at once.")
# Why something that was chosen or typed cannot be taken, by the field of the form.
TROUBLES: dict[tuple[str, Trouble], str] = {
    ("quantity", Trouble.NOTHING): N_("Choose at least one."),
    ("quantity", Trouble.NOT_OFFERED): _ANEW,
    ("quantity", Trouble.TOO_MANY): N_("Choose a number from 0 to %(most)s."),
    ("quantity", Trouble.TOO_MUCH): _TOO_MUCH,
    ("quantity", Trouble.UNREADABLE): N_("Choose a number from 0 to %(most)s."),
    ("tip", Trouble.NOT_OFFERED): _ANEW,
    ("tip_amount", Trouble.MISSING): N_("Type the tip, or choose another."),
    ("tip_amount", Trouble.UNREADABLE): N_("Type an amount such as %(example)s."),
    ("tip_amount", Trouble.TOO_MUCH): _TOO_MUCH,
    ("field", Trouble.MISSING): N_("Fill this in, please."),
    ("field", Trouble.NOT_OFFERED): N_("Choose one of the list."),
    ("field", Trouble.TOO_LONG): N_("Use at most 200 characters."),
    ("field", Trouble.UNREADABLE): N_("Use letters, digits and signs only."),
    ("field", Trouble.CARD): _CARD,
    ("email", Trouble.MISSING): N_("Type your e-mail address."),
    ("email", Trouble.UNREADABLE): N_("Type an e-mail address such as name@example.com."),
    ("email", Trouble.CARD): _CARD,
    ("phone", Trouble.MISSING): N_("Type your phone number."),
    ("phone", Trouble.UNREADABLE): N_("Type a phone number with 7 to 15 digits."),
    ("phone", Trouble.CARD): _CARD,
    ("consent", Trouble.MISSING): N_("Tick the box if you agree."),
}

# Why a payment was declined. Lost, stolen and restricted cards get the general words: the person
# who holds the card is not the one to tell.
_GENERAL = N_(
    "The bank did not allow it and gave no reason. Try another way to pay, or ask your bank."
)
REASONS: dict[str, str] = {
    "insufficient_funds": N_("There is not enough money on the card or account."),
    "card_declined": _GENERAL,
    "do_not_honour": _GENERAL,
    "lost_card": _GENERAL,
    "stolen_card": _GENERAL,
    "restricted_card": _GENERAL,
    "expired_card": N_("The card is out of date. Try another one."),
    "invalid_card_number": N_("The card number was not right. Check it and try again."),
    "invalid_cvv": N_("The security code of the card was not right. Check it and try again."),
    "transaction_limit_exceeded": N_("The amount is over a limit of the card or account."),
    "3ds_failed": N_("The bank could not confirm that it was you."),
    "3ds_timeout": N_("The bank waited too long for your confirmation."),
    "provider_unavailable": N_("The payment provider could not be reached. Try again in a minute."),
    "routing_failed": N_(
        "No payment provider could take this payment. Try another way to pay, or tell the seller."
    ),
}


def reason(code: str | None) -> str:
    """Words fit for a payer, for any error code, known or not."""
    return REASONS.get(code or "", _GENERAL)
