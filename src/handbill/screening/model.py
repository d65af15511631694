"""How a network and a link stand, from what became of the tries that came from them. Pure.

Whoever tests stolen cards is known by refusals of banks: many, close together, with hardly a charge
between them. A charge pays for a refusal, so that a network of many honest payers is in credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from handbill.kernel.clock import HOUR, MINUTE, Instant

WINDOW = 10 * MINUTE
"""How close together the refusals of a network count."""
MEMORY = HOUR
"""How long charges pay for refusals, how long a link's refusals count, how long a block lasts."""
KEPT = 24 * HOUR
"""How long a try is stored at all."""

CHALLENGE_AT = 5
"""Refusals of a network within the window, above its charges, that ask for a proof of work."""
BLOCK_AT = 10
"""Refusals of a network within the window, above its charges, that block it."""
OPEN_AT = 20
"""Undecided tries of a network without a refusal that ask for a proof of work."""
LINK_AT = 20
"""Refusals on a link, above its charges, that ask everybody there for a proof of work but those
who are in credit."""
HOUSE_AT = 50
"""Refusals on all links together, above their charges, that make patience short everywhere."""
KEYED_AT = 10
"""Refusals of one payment that was made with an API key, after which it rests."""

BITS = 17
"""Of a proof of work: 131,072 hashes on average, about a second on a phone. One bit more, and
twice the work, for each further refusal."""

NOT_THE_BANK = frozenset({"provider_unavailable", "routing_failed", "3ds_timeout"})
"""Codes of declines that say nothing about a card: an acquirer that is down is no attack."""


class Outcome(StrEnum):
    REFUSED = "refused"
    CHARGED = "charged"


class Try(msgspec.Struct, frozen=True):
    """One attempt. `outcome` None: not decided yet. `at`: when it was decided, or else begun."""

    outcome: Outcome | None
    at: Instant


class Tally(msgspec.Struct, frozen=True):
    """What became of the newest tries on one link, or on all, within the memory."""

    refused: int
    charged: int

    @property
    def unpaid(self) -> int:
        """Refusals that no charge pays for."""
        return self.refused - self.charged


class Free(msgspec.Struct, frozen=True):
    """Nothing is asked."""


class Challenge(msgspec.Struct, frozen=True):
    """A proof of work of so many bits, or patience until then at most."""

    bits: int
    until: Instant


class Block(msgspec.Struct, frozen=True):
    """Nothing begins before then."""

    until: Instant


Standing = Free | Challenge | Block


QUIET = Tally(0, 0)


def judge(tries: Sequence[Try], link: Tally, now: Instant, house: Tally = QUIET) -> Standing:
    """`tries` are those of the network within the memory; `house` is needed for suspects alone."""
    charged = sum(one.outcome is Outcome.CHARGED for one in tries)
    refusals = sorted(one.at for one in tries if one.outcome is Outcome.REFUSED)
    attacked = link.unpaid >= LINK_AT
    block_at = charged + (CHALLENGE_AT if attacked or house.unpaid >= HOUSE_AT else BLOCK_AT)
    blocked_at = _last_burst(refusals, block_at)
    if blocked_at is not None and now < blocked_at + MEMORY:
        return Block(blocked_at + MEMORY)
    recent = [at for at in refusals if at > now - WINDOW]
    undecided = sum(one.outcome is None and one.at > now - WINDOW for one in tries)
    # Once a bank has refused, what is undecided is not given the benefit of the doubt: tries that
    # run side by side would all begin before the first of them is refused.
    counted, allowed = (len(recent) + undecided, CHALLENGE_AT) if recent else (undecided, OPEN_AT)
    if counted >= allowed + charged:
        harder = max(0, len(recent) - charged - CHALLENGE_AT)
        return Challenge(BITS + harder, now + WINDOW)
    if attacked and charged <= len(refusals):  # whoever is in credit has shown who they are
        return Challenge(BITS, now + MEMORY)
    return Free()


def is_suspect(tries: Sequence[Try]) -> bool:
    """Whether a network has enough refusals to be blocked in an attack on the whole house."""
    refused = sum(one.outcome is Outcome.REFUSED for one in tries)
    return refused - sum(one.outcome is Outcome.CHARGED for one in tries) >= CHALLENGE_AT


def judge_keyed(payment: Tally, now: Instant) -> Standing:
    """Of a payment that was made with an API key: its merchant's server stands for the payer, but
    one payment is no place to try card after card."""
    return Block(now + MEMORY) if payment.refused >= KEYED_AT else Free()


def _last_burst(refusals: Sequence[Instant], size: int) -> Instant | None:
    """When the last `size` refusals that lie within one window were complete."""
    for last in range(len(refusals) - 1, size - 2, -1):
        if refusals[last] - refusals[last - size + 1] < WINDOW:
            return refusals[last]
    return None
