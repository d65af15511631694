"""Signatures, as the specification's own reader and its public vector see them."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from handbill.infra.crypto import webhook_secret
from handbill.kernel.clock import SECOND, SystemClock
from handbill.webhooks.signing import signed_headers

VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CURRENT, OLDER = webhook_secret(), webhook_secret()


def test_the_public_vector_comes_out() -> None:
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330_999,
        '{"test": 2432232314}',
        [VECTOR_SECRET],
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", [CURRENT, OLDER], ids=["current", "older"])
def test_while_a_secret_is_rotated_both_readers_accept(secret: str) -> None:
    headers = signed_headers("msg_1", SystemClock().now(), "{}", [CURRENT, OLDER])

    assert Webhook(secret).verify("{}", headers) == {}


def test_a_secret_that_did_not_sign_is_refused() -> None:
    headers = signed_headers("msg_1", SystemClock().now(), "{}", [CURRENT])

    with pytest.raises(WebhookVerificationError):
        Webhook(OLDER).verify("{}", headers)


@pytest.mark.parametrize("seconds", [-301, 302])
def test_a_signature_of_another_time_is_refused(seconds: int) -> None:
    headers = signed_headers("msg_1", SystemClock().now() + seconds * SECOND, "{}", [CURRENT])

    with pytest.raises(WebhookVerificationError):
        Webhook(CURRENT).verify("{}", headers)


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(ValueError, match="unsigned"):
        signed_headers("msg_1", 0, "{}", [])


json_text = st.dictionaries(st.text(), st.text() | st.integers(), max_size=20).map(
    lambda value: json.dumps(value, ensure_ascii=False)
)


@given(json_text, st.binary(min_size=24, max_size=64))
def test_the_reader_accepts_every_body_and_every_length_of_secret(body: str, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = signed_headers("msg_1", SystemClock().now(), body, [secret])

    assert Webhook(secret).verify(body, headers) == json.loads(body)


@given(st.data())
def test_a_body_that_was_changed_by_a_bit_is_refused(data: st.DataObject) -> None:
    body = '{"status":"charged","amount":1000,"error_description":"\u00fc\U0001f600"}'
    headers = signed_headers("msg_1", SystemClock().now(), body, [CURRENT])
    changed = bytearray(body.encode())
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= 1 << data.draw(st.integers(0, 6))

    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        Webhook(CURRENT).verify(bytes(changed), headers)
