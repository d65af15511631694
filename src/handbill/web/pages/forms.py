"""What the form of a pay page asks beside the method, as the templates are given it."""

from __future__ import annotations

from typing import Literal

import msgspec

from handbill.kernel.money import Money


class Chip(msgspec.Struct, frozen=True):
    """One of several answers, of which one is chosen with one touch."""

    value: str
    label: str
    hint: str = ""
    chosen: bool = False


class Question(msgspec.Struct, frozen=True):
    """A labelled field of the form. With `choices` it is chosen from a list, else typed. `kind`
    is the browser's own, which brings the right keyboard."""

    name: str
    label: str
    kind: Literal["text", "email", "tel"] = "text"
    required: bool = True
    longest: int = 200
    choices: tuple[str, ...] = ()
    typed: str = ""
    fault: str = ""


class AskedTip(msgspec.Struct, frozen=True):
    """`own`: the payer types the amount."""

    currency: str
    chips: tuple[Chip, ...]
    own: bool = False
    typed: str = ""
    fault: str = ""


class AskedConsent(msgspec.Struct, frozen=True):
    """A line beside Pay, with a box where it is `required`."""

    text: str
    required: bool = False
    ticked: bool = False
    fault: str = ""


class Live(msgspec.Struct, frozen=True):
    """What a script needs to keep the total right while the payer chooses: how the language writes
    a number, and the payer's fee. It only shows; the server works out what is paid."""

    zero: Money
    places: int
    group: str
    point: str
    fee_basis_points: int = 0
    fee_fixed: int = 0

    @property
    def has_fee(self) -> bool:
        return bool(self.fee_basis_points or self.fee_fixed)


class Form(msgspec.Struct, frozen=True):
    """Everything that a payer is asked. `live` is there where what they choose changes the total;
    `note` says why the page is shown again."""

    quantity_max: int | None = None
    quantity_fault: str = ""
    tip: AskedTip | None = None
    questions: tuple[Question, ...] = ()
    consent: AskedConsent | None = None
    live: Live | None = None
    note: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether something in it has to be put right."""
        parts = [*self.questions, self.tip, self.consent]
        return bool(self.quantity_fault) or any(part is not None and part.fault for part in parts)
