"""Only exact addresses of known services are taken: nothing that could reach a host of its own."""

from __future__ import annotations

import pytest

from handbill.notices import recipients
from handbill.notices.recipients import Recipient

TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFake01"
SLACK = "slack://T1234567/B1234567/abcdefghijabcdefghijabcd"
DISCORD = f"discord://123456789012345678/{'a' * 60}"
PUSHOVER = f"pover://{'u' * 30}@{'t' * 30}"
NTFY = "ntfy://coffee-house-7"

TRICKS = [
    "file:///etc/passwd",
    "json://127.0.0.1/hook",
    "jsons://10.0.0.1",
    "xml://169.254.169.254/latest/meta-data",
    "form://localhost:8000",
    "http://127.0.0.1",
    "https://api.telegram.org/bot1:2/sendMessage",
    "apprise://localhost/token",
    "gotify://localhost/token",
    "matrix://user:pass@localhost",
    "syslog://",
    "dbus://",
    "mailto://user:pass@127.0.0.1",
    "tgram://123456789:AAFakeFakeFakeFakeFakeFakeFakeFake01/-100",
    "ntfy://localhost/topic-topic",
    "ntfy://127.0.0.1/topic-topic",
    "ntfy://user:pass@localhost:8080/topic-topic",
    "ntfys://ntfy.example/topic-topic",
    "ntfy://topic.example",
    "ntfy://short",
    "slack://T1234567/B1234567/abcdefghijabcdefghijabcd/#general",
    "slack://bot@T1234567/B1234567/abcdefghijabcdefghijabcd",
    "discord://123456789012345678@localhost/" + "a" * 60,
    f"{SLACK}?template=/etc/passwd",
    f"{SLACK}/?verify=no",
    f"{DISCORD}?avatar_url=http://127.0.0.1/",
    f"{PUSHOVER}?to=device",
    f"{PUSHOVER}/device",
    f"{NTFY}?mode=private",
    f"{NTFY}?attach=http://169.254.169.254/",
    f"{NTFY}#fragment",
    f"{NTFY}\n",
    f" {NTFY}",
    f"{NTFY}%2f..%2f",
    NTFY.upper(),
    f"{NTFY},{NTFY}",
    "ntfy://\u0442opic-topic",
    "ntfy://" + "a" * 65,
    "ntfy://" + "a" * 1_000,
    "",
]


@pytest.mark.parametrize(
    ("address", "recipient"),
    [
        (SLACK, Recipient("slack", ("T1234567", "B1234567", "abcdefghijabcdefghijabcd"))),
        (f"{DISCORD}/", Recipient("discord", ("123456789012345678", "a" * 60))),
        (PUSHOVER, Recipient("pover", ("u" * 30, "t" * 30))),
        (NTFY, Recipient("ntfy", ("coffee-house-7",))),
    ],
)
def test_each_form_is_taken_apart(address: str, recipient: Recipient) -> None:
    assert recipients.at_address(address) == recipient
    assert recipients.shown(address) == f"{recipient.service}://***"


@pytest.mark.parametrize("address", TRICKS)
def test_nothing_else_is_taken(address: str) -> None:
    assert recipients.at_address(address) is None


@pytest.mark.parametrize("chat", ["-1001234567890", "42", "@coffee_house"])
def test_a_chat_has_a_number_or_a_name(chat: str) -> None:
    assert recipients.telegram_faults(TOKEN, chat) == {}


@pytest.mark.parametrize(
    "chat", ["", "coffee", "@", "@a/b", "1/../2", "-1?x", "1\n", "@кофе", None]
)
def test_what_is_no_chat_is_refused(chat: str | None) -> None:
    assert list(recipients.telegram_faults(TOKEN, chat)) == ["chat"]


@pytest.mark.parametrize(
    "token",
    [
        "",
        "bot" + TOKEN,
        f"{TOKEN}/../x",
        f"{TOKEN}?x",
        f"{TOKEN}@evil.example",
        TOKEN.replace(":", ""),
        f"{TOKEN}\n",
        None,
    ],
)
def test_what_is_no_token_of_a_bot_is_refused(token: str | None) -> None:
    assert list(recipients.telegram_faults(token, "42")) == ["token"]
