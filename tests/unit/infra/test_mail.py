"""Letters: what they look like, and what a mail server's answers mean for them."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import msgspec
import pytest

from handbill.infra.mail import Letter, LetterDelayed, LetterRefused, Mail, MailServer, compose
from handbill.kernel.clock import ManualClock
from tests.support.certificates import tls_pair
from tests.support.mailroom import PASSWORD, USER, Mailroom, open_mailroom

pytestmark = pytest.mark.anyio

SENDER = "pay@handbill.example"
LETTER = Letter(
    key="0195509a-7c00-7a4e-8f1c-3b5d2e9a6c10",
    to="anna@example.com",
    subject="Ваш чек: 1 980,50 ₽",
    text="Спасибо.\n",
    html="<p>Спасибо.</p>",
    from_name="Café Morgenrot, am Markt",
)


def to_room(room: Mailroom, clock: ManualClock, **more: object) -> Mail:
    plain = MailServer(host="127.0.0.1", port=room.port, starttls=False)
    return Mail(msgspec.structs.replace(plain, **more), SENDER, clock)


async def test_a_letter_says_the_same_in_plain_text_and_in_html(clock: ManualClock) -> None:
    async with open_mailroom() as room:
        await to_room(room, clock).send(LETTER)
    [taken] = room.taken
    assert (taken.sender, taken.recipients) == (SENDER, ["anna@example.com"])
    assert taken.part("plain").strip() == "Спасибо."
    assert taken.part("html").strip() == "<p>Спасибо.</p>"
    assert taken.message["subject"] == LETTER.subject
    assert str(taken.message["from"]) == '"Café Morgenrot, am Markt" <pay@handbill.example>'
    assert all(len(line) <= 998 for line in taken.raw.split(b"\r\n"))


async def test_its_head_names_its_time_and_that_no_person_wrote_it(clock: ManualClock) -> None:
    message = compose(LETTER, SENDER, clock)
    assert message["Date"] == "Sun, 01 Mar 2026 10:00:00 +0000"
    assert message["Message-ID"] == f"<{LETTER.key}@handbill.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == compose(LETTER, SENDER, clock)["Message-ID"]


@pytest.mark.parametrize("evil", ["Coffee\r\nBcc: all@example.com", "a\nb", "\u2028x\u0000y\x85z"])
def test_no_text_of_a_merchant_can_add_a_line_to_the_head(evil: str, clock: ManualClock) -> None:
    letter = msgspec.structs.replace(LETTER, subject=evil, from_name=evil)
    message = compose(letter, SENDER, clock)
    head = message.as_bytes().partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n") if line[:1].isalpha()]
    assert b"bcc" not in names
    assert len(message["To"].addresses) == 1


@pytest.mark.parametrize(
    "to",
    ["a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", "", "a@b c.example"],
)
def test_a_letter_goes_to_one_address_and_no_other(to: str, clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="not an address"):
        compose(msgspec.structs.replace(LETTER, to=to), SENDER, clock)


async def test_starttls_and_a_password(clock: ManualClock, tmp_path: Path) -> None:
    server, client = tls_pair(tmp_path, "localhost")
    async with open_mailroom(server, login=True) as room:
        there = MailServer(host="localhost", port=room.port, username=USER, password=PASSWORD)
        await Mail(there, SENDER, clock, tls_context=client).send(LETTER)
    assert [one.encrypted for one in room.taken] == [True]
    assert room.logins == [(USER.encode(), PASSWORD.encode())]


async def test_a_connection_that_is_encrypted_from_the_beginning(
    clock: ManualClock, tmp_path: Path
) -> None:
    server, client = tls_pair(tmp_path, "localhost")
    async with open_mailroom(server, implicit=True) as room:
        there = MailServer(host="localhost", port=room.port, starttls=False, tls=True)
        await Mail(there, SENDER, clock, tls_context=client).send(LETTER)
    assert len(room.taken) == 1


async def test_no_password_and_no_letter_goes_where_starttls_is_refused(clock: ManualClock) -> None:
    async with open_mailroom() as room:
        known = {"username": USER, "password": PASSWORD}
        with pytest.raises(LetterDelayed, match="cannot be used"):
            await to_room(room, clock, starttls=True, **known).send(LETTER)
    assert (room.taken, room.logins) == ([], [])


async def test_a_certificate_of_nobody_is_not_trusted(clock: ManualClock, tmp_path: Path) -> None:
    server, _ = tls_pair(tmp_path, "localhost")
    async with open_mailroom(server) as room:
        strict = Mail(
            MailServer(host="localhost", port=room.port),
            SENDER,
            clock,
            tls_context=ssl.create_default_context(),
        )
        with pytest.raises(LetterDelayed):
            await strict.send(LETTER)
    assert room.taken == []


async def test_a_wrong_password_is_the_operators_to_repair(
    clock: ManualClock, tmp_path: Path
) -> None:
    server, client = tls_pair(tmp_path, "localhost")
    async with open_mailroom(server, login=True) as room:
        there = MailServer(host="localhost", port=room.port, username=USER, password="guessed")
        with pytest.raises(LetterDelayed, match="does not take letters from us: 535") as delayed:
            await Mail(there, SENDER, clock, tls_context=client).send(LETTER)
    assert "guessed" not in repr(delayed.value)


@pytest.mark.parametrize("answers", ["rcpt", "data"])
async def test_what_is_put_off_can_be_sent_again(answers: str, clock: ManualClock) -> None:
    async with open_mailroom() as room:
        setattr(room, answers, ["451 4.7.1 <anna@example.com> greylisted"])
        mail = to_room(room, clock)
        with pytest.raises(LetterDelayed, match="put the letter off: 451"):
            await mail.send(LETTER)
        await mail.send(LETTER)
    assert len(room.taken) == 1


@pytest.mark.parametrize("answers", ["rcpt", "data"])
async def test_what_is_refused_is_refused_for_good(answers: str, clock: ManualClock) -> None:
    async with open_mailroom() as room:
        setattr(room, answers, ["550 5.1.1 <anna@example.com>: user unknown"])
        with pytest.raises(LetterRefused, match="refused the letter: 550") as refused:
            await to_room(room, clock).send(LETTER)
    assert "anna" not in repr(refused.value)
    assert refused.value.__cause__ is None


async def test_nobody_listens(clock: ManualClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        there = MailServer(host="127.0.0.1", port=taken.getsockname()[1], starttls=False)
        with pytest.raises(LetterDelayed):
            await Mail(there, SENDER, clock).send(LETTER)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp://us%40er:p%3Aw@mail.example",
            MailServer(host="mail.example", port=587, username="us@er", password="p:w"),
        ),
        (
            "smtps://mail.example",
            MailServer(host="mail.example", port=465, starttls=False, tls=True),
        ),
        ("smtp://localhost:25", MailServer(host="localhost", port=25, starttls=False)),
        ("smtp://[::1]:25", MailServer(host="::1", port=25, starttls=False)),
    ],
)
def test_a_server_by_its_address(url: str, expected: MailServer) -> None:
    assert MailServer.of(url) == expected
