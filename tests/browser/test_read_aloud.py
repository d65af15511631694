"""What a screen reader is given, and in which order: the accessibility tree that Chromium makes of
a page. How it sounds, only a person with a screen reader can judge."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from handbill.web.pages.language import english
from tests.browser.samples import gallery
from tests.browser.stage import Stage

pytestmark = pytest.mark.anyio

PAGES = gallery()

# Each line a thing in the order in which it is read. What is left out may stand between them.
READ: dict[str, str] = {
    "pay-fee": """
        - paragraph: Café Morgenrot
        - heading "Invoice 2026-031" [level=1]
        - region "Amount":
          - heading "You pay, fee included" [level=2]
          - paragraph: ₽1,050.00
        - region "What you pay for":
          - term: Fee for paying online
          - definition: ₽50.00
        - group "Pay ₽1,050.00 with":
          - button "Bank card"
          - button "SBP From your bank's app"
        - region "Seller":
          - term: "Questions:"
          - definition: hallo@morgenrot.example
    """,
    "pay-dynamic-refused": """
        - heading "Keep the reading room open" [level=1]
        - region "Amount":
          - paragraph: /This cannot be read as an amount/
          - textbox "Amount" [invalid]: 12,5o
          - paragraph: At least ₽100.00.
        - button "Donate"
    """,
    "pay-quantities": """
        - heading "Breakfast for two" [level=1]
        - region "Amount":
          - paragraph: ₽1,571.38
        - region "What you pay for":
          - list:
            - listitem:
              - paragraph: /Cinnamon roll/
              - 'spinbutton "Quantity: Cinnamon roll"': "1"
        - group "Tip":
          - radio "10%" [checked]
        - textbox "Table number"
        - term: Total
        - definition: ₽1,571.38
        - group "Order and pay ₽1,571.38 with":
          - button "Bank card"
    """,
    "pay-asked-refused": """
        - paragraph: Fill this in, please.
        - textbox "Table number" [invalid]
        - paragraph: /Type an e-mail address/
        - textbox "E-mail" [invalid]: anna@nowhere
        - paragraph: Tick the box if you agree.
        - checkbox "I am over 18 and agree to the rules of the house." [invalid]
    """,
    "status-charged": """
        - article:
          - paragraph: Café Morgenrot
          - status:
            - heading "Paid" [level=1]
            - paragraph: Thank you. The payment went through.
          - region "Amount":
            - paragraph: ₽1,980.50
          - term: Receipt
          - definition: 2026-000031
          - link "Back to Café Morgenrot"
    """,
    "status-scan": """
        - article:
          - status:
            - heading "Pay in your bank's app" [level=1]
          - img "QR code for your bank's app"
          - paragraph:
            - link "Open the bank on this device instead"
          - region "Amount":
            - paragraph: ₽1,980.50
    """,
    "end-used": """
        - article:
          - paragraph: Café Morgenrot
          - paragraph: Breakfast for two
          - heading "This has been paid already" [level=1]
          - paragraph: The link was for one payment, and it has been made.
          - paragraph: /If not, you have not been charged/
          - paragraph: /ask the seller for a new link/
          - paragraph: "You can reach Café Morgenrot here: hallo@morgenrot.example"
          - button "Ask for a new link"
    """,
}


@pytest.fixture(scope="module")
async def screen(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context()
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("name", READ)
async def test_a_page_is_read_in_the_order_of_its_meaning(
    name: str, screen: Page, stage: Stage
) -> None:
    html = PAGES[name](stage.renderer, english())
    await stage.show(screen, html, scripts=b"<script" in html)
    await expect(screen.locator("main")).to_match_aria_snapshot(READ[name])


async def test_test_money_is_said_first_and_the_languages_last(screen: Page, stage: Stage) -> None:
    html = PAGES["pay-test"](stage.renderer, english())
    await stage.show(screen, html)
    await expect(screen.locator("body")).to_match_aria_snapshot("""
        - complementary "Test mode":
          - paragraph:
            - strong: "Test: no money moves"
        - main:
          - heading "Two hours of mathematics" [level=1]
        - contentinfo:
          - navigation "Language"
    """)
