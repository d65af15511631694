"""Signatures before three readers: the specification's own library, Svix's, which most receivers
use, and one that is written here from the text of the specification. The first two share code (the
second is built on the first); the third shares none with them, nor with what signs.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import Self
from unittest import mock

import pytest
import standardwebhooks
import svix.webhooks

from handbill.infra.crypto import webhook_secret
from handbill.kernel.clock import SECOND
from handbill.webhooks.signing import signed_headers

FEW, MANY = 300, 10_000
BODY_BYTES_MAX = 20_000
TOLERANCE_SECONDS = 300
SEED = 20_261_127

NOW_SECONDS = 1_614_265_330
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
VECTOR_BODY = '{"test": 2432232314}'
VECTOR = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

SECRET, OLDER, FOREIGN = webhook_secret(), webhook_secret(), webhook_secret()
ALPHABET = (
    'abc XYZ 0189 {}[]":,.\\/\n\t\0'
    "\u0436\u0451\u00fc\u00df\u4e2d\u6587\u0627\u05d0\u0e01\u200d\u202e\ufeff"
    "\U0001f600\U0001f468\U0001f3fd\U0001f1f7\U0010ffff"
)

Headers = dict[str, str]
Reader = Callable[[str, bytes, Headers], bool]


class Clock(datetime):
    """The time of the test, for libraries that ask the system."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(NOW_SECONDS, tz)


@pytest.fixture(autouse=True)
def _the_time_of_the_vector() -> Iterator[None]:
    with mock.patch("standardwebhooks.webhooks.datetime", Clock):
        yield


def standard(secret: str, body: bytes, headers: Headers) -> bool:
    try:
        standardwebhooks.Webhook(secret).verify(body, headers, json_parse=False)
    except (standardwebhooks.WebhookVerificationError, UnicodeDecodeError):
        return False
    return True


def of_svix(secret: str, body: bytes, headers: Headers) -> bool:
    try:
        svix.webhooks.Webhook(secret).verify(body, headers)
    except (svix.webhooks.WebhookVerificationError, UnicodeDecodeError):
        return False
    return True


def of_the_text(secret: str, body: bytes, headers: Headers) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    name, sent = headers["webhook-id"].encode(), headers["webhook-timestamp"]
    if not sent.isdecimal() or abs(int(sent) - NOW_SECONDS) > TOLERANCE_SECONDS:
        return False
    digest = hmac.new(key, b".".join((name, sent.encode(), body)), hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    offered = headers["webhook-signature"].encode().split(b" ")
    return any(hmac.compare_digest(expected, one) for one in offered)


READERS: tuple[Reader, ...] = (standard, of_svix, of_the_text)


def accepted(secret: str, body: bytes, headers: Headers) -> int:
    """By how many of the readers."""
    return sum(read(secret, body, headers) for read in READERS)


def signed(body: str, *secrets: str, seconds: int = NOW_SECONDS) -> Headers:
    return signed_headers("msg_1", seconds * SECOND, body, secrets or (SECRET,))


def bodies(count: int) -> Iterator[str]:
    """From one byte to 20 kB, short ones as often as long ones."""
    dice = random.Random(SEED)
    yield "x"
    yield "x" * BODY_BYTES_MAX
    for _ in range(count - 2):
        size = round(BODY_BYTES_MAX ** dice.random())
        text = "".join(dice.choices(ALPHABET, k=size)).encode()[:size].decode(errors="ignore")
        yield text or "\x7f"


def changed(body: bytes, dice: random.Random) -> bytes:
    """Another value in one byte."""
    other = bytearray(body)
    other[dice.randrange(len(body))] ^= dice.randint(1, 255)
    return bytes(other)


def judge(count: int) -> None:
    dice, refused = random.Random(SEED), 0
    for body in bodies(count):
        headers, raw = signed(body), body.encode()
        assert accepted(SECRET, raw, headers) == len(READERS), (body, headers)
        forgeries = (
            (SECRET, changed(raw, dice), headers),
            (SECRET, raw, {**headers, "webhook-id": "msg_2"}),
            (FOREIGN, raw, headers),
            (SECRET, raw, signed(body, seconds=NOW_SECONDS - 301)),
            (SECRET, raw, signed(body, seconds=NOW_SECONDS + 301)),
            (SECRET, raw, {**headers, "webhook-timestamp": str(NOW_SECONDS + 1)}),
        )
        for secret, sent, said in forgeries:
            assert accepted(secret, sent, said) == 0, (secret, sent, said)
            refused += 1
    assert refused == count * 6


def test_every_reader_accepts_what_was_signed_and_nothing_else() -> None:
    judge(FEW)


@pytest.mark.slow
def test_ten_thousand_bodies_are_accepted_and_no_forgery() -> None:
    judge(MANY)


def every_change_of_a_byte(body: bytes) -> Iterator[bytes]:
    for place, old in enumerate(body):
        for new in range(256):
            if new != old:
                yield body[:place] + bytes([new]) + body[place + 1 :]
    yield from (body[:place] + body[place + 1 :] for place in range(len(body)))


@pytest.mark.parametrize("body", [VECTOR_BODY, "\u0436\U0001f600", "x"])
def test_not_one_byte_may_be_another(body: str) -> None:
    headers = signed(body)

    assert (
        sum(accepted(SECRET, other, headers) for other in every_change_of_a_byte(body.encode()))
        == 0
    )


def test_not_one_character_of_id_and_time_may_be_another() -> None:
    headers = signed(VECTOR_BODY)
    forgeries = [
        {**headers, name: other.decode("latin-1")}
        for name in ("webhook-id", "webhook-timestamp")
        for other in every_change_of_a_byte(headers[name].encode())
    ]

    assert sum(accepted(SECRET, VECTOR_BODY.encode(), forged) for forged in forgeries) == 0
    assert len(forgeries) > 3_000


def test_no_other_signature_is_accepted() -> None:
    """Other bytes, that is: lenient readers of base64 pass over characters that mean nothing."""
    headers = signed(VECTOR_BODY)
    digest = base64.b64decode(headers["webhook-signature"].removeprefix("v1,"))
    forgeries = [
        {**headers, "webhook-signature": "v1," + base64.b64encode(other).decode()}
        for other in every_change_of_a_byte(digest)
    ]

    assert sum(accepted(SECRET, VECTOR_BODY.encode(), forged) for forged in forgeries) == 0
    assert len(forgeries) == 32 * 256


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_five_minutes_are_tolerated(seconds: int) -> None:
    headers = signed(VECTOR_BODY, seconds=NOW_SECONDS + seconds)

    assert accepted(SECRET, VECTOR_BODY.encode(), headers) == len(READERS)


@pytest.mark.parametrize("secret", [SECRET, OLDER], ids=["current", "older"])
def test_a_list_with_schemes_that_nobody_knows_is_accepted_by_who_holds_either_secret(
    secret: str,
) -> None:
    """While a secret is rotated, and when a later version adds a signature of another kind."""
    headers = signed(VECTOR_BODY, SECRET, OLDER)
    strange = {
        **headers,
        "webhook-signature": f"v1a,AAAA v2,BBBB {headers['webhook-signature']} v9,CCCC",
    }

    for said in (headers, strange):
        assert accepted(secret, VECTOR_BODY.encode(), said) == len(READERS)
        assert accepted(FOREIGN, VECTOR_BODY.encode(), said) == 0


def test_the_public_vector_is_ours_and_accepted() -> None:
    headers = signed_headers(VECTOR_ID, NOW_SECONDS * SECOND, VECTOR_BODY, [VECTOR_SECRET])

    assert headers["webhook-signature"] == VECTOR
    assert accepted(VECTOR_SECRET, VECTOR_BODY.encode(), headers) == len(READERS)
