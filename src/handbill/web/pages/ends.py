"""Why a payer cannot go on, on a page of its own. Whatever they themselves did here comes first:
nobody who paid reads that the link is over."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from handbill.links.offer import Offer
from handbill.merchants.model import Merchant
from handbill.payments.model import Payment
from handbill.payments.service import PaymentWithAttempt
from handbill.web.pages import showing, standing
from handbill.web.pages.desk import Desk
from handbill.web.pages.language import Language, in_language
from handbill.web.pages.render import end_page, taken_page

_OWN = {"charged": "paid_by_you", "refunded": "refunded_to_you"}
_IN_ORDER = frozenset({*_OWN.values(), "begun_by_you"})
"""Ends after which nobody needs another link."""
_WITH_CLOSING_WORDS = frozenset({"closed", "expired", "used", "full", "paused"})


class Ends:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def of_link(
        self, offer: Offer, mine: PaymentWithAttempt | None, state: str, language: Language
    ) -> Response:
        """`mine`: what this payer did here last. `state`: the link's own end."""
        if state == "taken" and self._own(mine, state) is None:
            return self._taken(offer, language)
        link, known = offer.link, dict[str, Any]()
        if link.closed_message and state in _WITH_CLOSING_WORDS:
            known["words"] = link.closed_message
        if mine is not None and (own := self._own(mine, state)):
            state, known = own, {"button_url": self._status(mine, language)}
        if offer.is_over and state not in _IN_ORDER:
            url = self._desk.addresses.link_ask(link.id)
            known["ask_url"] = in_language(url, language.code)
        return self._show(offer, state, language, **known)

    def about(self, offer: Offer, state: str, language: Language) -> Response:
        """An answer to a payer who wanted something else of a link than to pay it."""
        return self._show(offer, state, language)

    def stale(self, offer: Offer, language: Language) -> Response:
        """The token is old, used up elsewhere or not ours: nothing was started."""
        url = language.onward(showing.address_of(offer, self._desk.addresses))
        return self._show(offer, "stale", language, button_url=url)

    def undecided(
        self, mine: PaymentWithAttempt, merchant: Merchant, language: Language
    ) -> Response:
        """An earlier attempt of this payer could not be ended yet, so no other was begun."""
        url = self._status(mine, language)
        return self.of_payment(mine.payment, merchant, "undecided", language, button_url=url)

    def of_payment(
        self,
        payment: Payment,
        merchant: Merchant,
        state: str,
        language: Language,
        **known: Any,
    ) -> Response:
        """A payment that the API made, or one that is not to be repeated yet."""
        what = payment.title or showing.first_line(payment.description)
        seller = showing.seller(merchant, self._desk.addresses)
        view = end_page(state, language, seller=seller, what=what, test=payment.test, **known)
        return self._desk.end(view, language, merchant)

    def _own(self, mine: PaymentWithAttempt | None, state: str) -> str | None:
        """What this payer did here, where it says more than the end of the link."""
        if mine is None:
            return None
        stands = standing.state_of(mine.payment, mine.attempt, self._desk.clock.now())
        if stands in _OWN:
            return _OWN[stands]
        if stands in standing.OPEN:
            return "begun_by_you"
        return "paid_by_another" if state == "used" else None

    def _taken(self, offer: Offer, language: Language) -> Response:
        known = self._known(offer, language)
        known["button_url"] = language.onward(showing.address_of(offer, self._desk.addresses))
        if offer.link.max_payments != 1:
            known["words"] = language.gettext(
                "The places that are left are all being paid for right now."
            )
        seconds = showing.seconds_until(offer.free_at, self._desk.clock.now())
        return self._desk.end(taken_page(seconds, language, **known), language, offer.merchant)

    def _show(self, offer: Offer, state: str, language: Language, **known: Any) -> Response:
        view = end_page(state, language, **self._known(offer, language), **known)
        return self._desk.end(view, language, offer.merchant)

    def _known(self, offer: Offer, language: Language) -> dict[str, Any]:
        return {
            "seller": showing.seller(offer.merchant, self._desk.addresses),
            "what": showing.title_of(offer, language),
            "test": offer.link.test,
        }

    def _status(self, mine: PaymentWithAttempt, language: Language) -> str:
        return language.onward(self._desk.addresses.status_page(mine.payment.token))
