"""Who is counted as somebody that looks, and how often."""

from __future__ import annotations

import pytest

from handbill.web.pages.beacons import Heard, is_program

PEOPLE = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/126.0 Mobile",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) Chrome/126.0 Mobile Telegram-Android/11.2.3",
    "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 Instagram 300.0.0.29",
    "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 WhatsApp/24.1",
    "Mozilla/5.0 (Android 15; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0",
]
PROGRAMS = [
    "",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    "Mozilla/5.0 (Windows NT 6.1) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
    "python-requests/2.32",
]


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_people_are_counted_whatever_they_hold(user_agent: str) -> None:
    assert not is_program(user_agent)


@pytest.mark.parametrize("user_agent", PROGRAMS)
def test_programs_that_say_what_they_are_are_left_out(user_agent: str) -> None:
    assert is_program(user_agent)


def test_the_latest_are_remembered_and_memory_is_bounded() -> None:
    heard = Heard(most=8)
    names = [str(number) for number in range(100)]
    assert all(heard.is_first(name) for name in names)
    assert not any(heard.is_first(name) for name in names[-4:])
    assert heard.is_first("0")
