"""A card's number is told from everything else that people type."""

from __future__ import annotations

import pytest

from handbill.kernel.cards import reads_like_card


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "378282246310005",
        "2200000000000004",
        "6304000000000000",
        "8600000000000007",
        "4222222222222",
        "6759649826438453987",
        "my card is 4111 1111 1111 1111, thanks",
    ],
)
def test_the_number_of_a_card_is_seen(text: str) -> None:
    assert reads_like_card(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1000",
        "1 000 000.50",
        "4111111111111112",
        "411111111111",
        "41111111111111111111",
        "1111111111111117",
        "0000000000000000",
        "٤١١١١١١١١١١١١١١١",
        "4111.1111.1111.1111",
    ],
)
def test_other_text_is_not(text: str) -> None:
    assert not reads_like_card(text)
