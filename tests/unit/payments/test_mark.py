"""The mark that a payer's page and a till show alike."""

from __future__ import annotations

import itertools

import msgspec

from handbill.infra.crypto import Crypto
from handbill.payments.mark import SHAPES, WORDS, mark_of
from handbill.payments.model import Payment
from handbill.web.pages.render import TEMPLATES

KEY = Crypto(b"the key of one installation ... " * 2)


def payment(token: str) -> Payment:
    known = dict.fromkeys(Payment.__struct_fields__)
    return Payment(**{**known, "token": token})  # type: ignore[arg-type]


def test_it_is_the_same_whenever_it_is_asked_for() -> None:
    first = mark_of(KEY, payment("one"))
    again = mark_of(KEY, msgspec.structs.replace(payment("one"), title="Coffee"))
    assert first == again


def test_nobody_without_the_key_can_tell_it() -> None:
    other = Crypto(b"the key of some other installation" * 2)
    tokens = [str(number) for number in range(100)]
    ours = [mark_of(KEY, payment(token)) for token in tokens]
    theirs = [mark_of(other, payment(token)) for token in tokens]
    assert sum(a == b for a, b in zip(ours, theirs, strict=True)) <= 2


def test_every_shape_and_every_word_comes_up() -> None:
    marks = [mark_of(KEY, payment(str(number))) for number in range(4_000)]
    assert {mark.shape for mark in marks} == set(SHAPES)
    assert {mark.word for mark in marks} == set(WORDS)


def test_its_words_cannot_be_mistaken_for_each_other() -> None:
    assert len(set(WORDS)) == 256
    assert all(word.isascii() and word.islower() and 3 <= len(word) <= 8 for word in WORDS)
    assert [pair for pair in itertools.combinations(WORDS, 2) if _differ_by_a_letter(*pair)] == []


def test_every_shape_is_drawn() -> None:
    drawings = (TEMPLATES / "marks.html").read_text()
    assert [shape for shape in SHAPES if f'"shape-{shape}":' not in drawings] == []


def _differ_by_a_letter(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) == len(long):
        return sum(a != b for a, b in zip(short, long, strict=True)) == 1
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
