"""The tables of docs/reference/pages.md say what the pages say."""

from __future__ import annotations

from collections.abc import Sequence

from handbill.kernel.errors import LinkNotPayable
from handbill.links.model import GONE
from handbill.web.pages.end_words import ENDS
from handbill.web.pages.words import STATUSES
from handbill.web.problems import status_for
from tests.architecture.tree import ROOT

PAGE = ROOT / "docs" / "reference" / "pages.md"
ENDS_HEAD = ("end", "status", "the payer reads", "about money", "what to do", "button")
STATES_HEAD = ("state", "the payer reads")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def test_every_end_is_in_the_reference_with_its_words() -> None:
    rows = [
        (
            f"`{name}`",
            str(end.http_status),
            f"**{end.title}.** {end.words}",
            end.money,
            end.next_step,
            end.button,
        )
        for name, end in ENDS.items()
    ]
    assert table(ENDS_HEAD, rows) in PAGE.read_text()


def test_every_state_of_a_payment_is_in_the_reference_with_its_words() -> None:
    rows = [(f"`{name}`", f"**{one.title}.** {one.words}") for name, one in STATUSES.items()]
    assert table(STATES_HEAD, rows) in PAGE.read_text()


def test_a_program_gets_the_status_that_people_get() -> None:
    for name in (*GONE, "taken", "paused", "not_open_yet"):
        assert ENDS[name].http_status == status_for(LinkNotPayable(name)), name
