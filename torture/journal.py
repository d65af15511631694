"""What was asked and what was promised. The judge compares it with what is there afterwards.

Every wish carries a mark of its own, by which its effect is found whoever lost the answer: a word
in a link's metadata, the amount of a payment, the reason of a refund.
"""

from __future__ import annotations

import itertools
from collections import Counter

import msgspec


class Wish(msgspec.Struct):
    """One effect that somebody asked for, once or (with a key) again and again. `ids` are those
    that were acknowledged; `of` is the object that it was asked of. `is_refused`: the answer was
    that nothing happened, and that nothing will."""

    mark: str
    of: str = ""
    ids: set[str] = msgspec.field(default_factory=set)
    minor: int = 0
    is_refused: bool = False

    @property
    def is_acknowledged(self) -> bool:
        return bool(self.ids)


class Journal:
    """Of one run. Marks are counted, so that no two wishes share one."""

    def __init__(self) -> None:
        self.links: dict[str, Wish] = {}
        self.payments: dict[str, Wish] = {}
        self.refunds: dict[str, Wish] = {}
        self.limits: dict[str, int] = {}
        """Links with a limit, by id: how many payments they may keep."""
        self.answers: Counter[str] = Counter()
        self.faults: list[str] = []
        """Answers that no server may give, whatever happens to it."""
        self._numbers = itertools.count(1)

    @property
    def first_link(self) -> str:
        return next((one for wish in self.links.values() for one in wish.ids), "")

    def wish_link(self) -> Wish:
        mark = f"link-{next(self._numbers)}"
        return self.links.setdefault(mark, Wish(mark))

    def wish_payment(self, link: str, tail: int) -> Wish:
        """Of an amount that nobody else asks for. Its last two digits choose what the sandbox
        acquirer does."""
        minor = next(self._numbers) * 100 + tail
        return self.payments.setdefault(str(minor), Wish(str(minor), link, minor=minor))

    def wish_refund(self, payment: str, minor: int) -> Wish:
        mark = f"refund-{next(self._numbers)}"
        return self.refunds.setdefault(mark, Wish(mark, payment, minor=minor))

    def acknowledged(self) -> dict[str, int]:
        return {
            kind: sum(wish.is_acknowledged for wish in wishes.values())
            for kind, wishes in self._kinds().items()
        }

    def unknown(self) -> int:
        return sum(
            not wish.is_acknowledged and not wish.is_refused
            for wishes in self._kinds().values()
            for wish in wishes.values()
        )

    def _kinds(self) -> dict[str, dict[str, Wish]]:
        return {"links": self.links, "payments": self.payments, "refunds": self.refunds}
