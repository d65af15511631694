"""What a payer under suspicion gets in place of the acquirer: a puzzle that the browser solves, or,
without script, the time until it may go on without one."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from handbill.kernel.errors import Challenged
from handbill.links.offer import Offer
from handbill.payments.order import Order
from handbill.web.pages import asking, showing
from handbill.web.pages.desk import Desk
from handbill.web.pages.language import Language, in_language
from handbill.web.pages.puzzles import Puzzles
from handbill.web.pages.render import again_in
from handbill.web.pages.views import ChallengePage

SPENT = frozenset({"challenge", "solution"})
"""Fields that do not come back with the next solution; all others of the form do."""
STATUS = 403


class Challenges:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._puzzles = Puzzles(desk.crypto, desk.clock)

    def prove(self, order: Order, fields: dict[str, str]) -> Order:
        """The order with the proof of work that came with it, if one did."""
        proved = self._puzzles.prove(order, fields.get("challenge"), fields.get("solution"))
        if proved.effort:
            self._count("proved")
        return proved

    def describe(self, order: Order, asked: Challenged) -> Challenged:
        """The same with a puzzle in it, for a program."""
        self._count("challenged")
        puzzle = msgspec.to_builtins(self._puzzles.make(order, asked.bits))
        return Challenged(asked.bits, retry_after_seconds=asked.retry_after_seconds, puzzle=puzzle)

    def page(
        self,
        offer: Offer,
        order: Order,
        fields: dict[str, str],
        asked: Challenged,
        language: Language,
    ) -> Response:
        self._count("challenged")
        desk = self._desk
        puzzle = self._puzzles.make(order, asked.bits)
        kept = [(name, value) for name, value in fields.items() if name not in SPENT]
        view = ChallengePage(
            seller=showing.seller(offer.merchant, desk.addresses),
            what=showing.title_of(offer, language),
            action=in_language(showing.address_of(offer, desk.addresses), language.code),
            fields=(*kept, ("challenge", puzzle.token)),
            prefix=puzzle.prefix,
            bits=puzzle.bits,
            next_step=again_in(asked.retry_after_seconds, language),
            test=offer.link.test,
        )
        headers = desk.page_headers(language, desk.page_hosts(offer.methods), scripts=True)
        headers["retry-after"] = str(asked.retry_after_seconds)
        return asking.html(desk.renderer.challenge(view, language), headers, STATUS)

    def _count(self, answer: str) -> None:
        self._desk.db.tallies.count("guard_answers", answer)
