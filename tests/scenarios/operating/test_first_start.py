"""The first start says, once, everything that a first paid link needs, and all of it works."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from tests.support.process import Server, pay, read_first_words, serving, until
from tests.unit.qr.reading import read_picture

SECONDS = 20

# Whatever the shell makes of the printed line reaches us; the machine need not have curl.
CURL = f"""curl() {{
    '{sys.executable}' -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@"
}}
"""


def picture_of_code(out: str) -> Image.Image:
    """What a terminal shows of the half blocks, dark on light, six pixels a module."""
    lines = [line for line in out.splitlines() if set(line) & set("▀▄█")]
    width = max(len(line) for line in lines)
    rows = []
    for line in lines:
        blocks = line.ljust(width)
        rows.append([0 if block in "▀█" else 255 for block in blocks])
        rows.append([0 if block in "▄█" else 255 for block in blocks])
    code = Image.new("L", (width, len(rows)))
    code.putdata([pixel for row in rows for pixel in row])
    framed = Image.new("L", (width + 8, len(rows) + 8), 255)
    framed.paste(code, (4, 4))
    return framed.resize((framed.width * 6, framed.height * 6), Image.Resampling.NEAREST)


@pytest.mark.parametrize("kind", ["test_key", "live_key"])
def test_the_keys_that_are_shown_let_in(server: Server, kind: str) -> None:
    shop = server.client(getattr(server.first_words, kind))

    assert shop.get("/api/v1/links").status_code == 200


def test_the_curl_line_makes_a_link_as_it_is_printed(server: Server) -> None:
    said = subprocess.run(
        ["/bin/sh", "-c", CURL + server.first_words.curl], capture_output=True, text=True
    )
    method, address, *rest = json.loads(said.stdout)[1:]
    assert method == "POST"
    assert address == f"http://localhost:{server.port}/api/v1/links"
    options = list(zip(rest[::2], rest[1::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in options if option == "-H")
    [body] = [value for option, value in options if option == "-d"]

    made = server.payer.post("/api/v1/links", headers=headers, content=body)

    assert made.status_code == 201
    assert made.json()["data"]["amount"]["default"] == 1000


def test_the_code_in_the_terminal_leads_to_the_sample_link(server: Server) -> None:
    read = read_picture(picture_of_code(server.out))

    assert read.text.startswith(f"http://LOCALHOST:{server.port}/L/")
    opened = server.payer.get(f"/L/{read.text.rpartition('/')[2]}")
    assert opened.status_code == 302
    assert opened.headers["location"] == server.first_words.link_url
    assert "A coffee from the sample shop" in server.payer.get(opened.headers["location"]).text


def test_the_webhook_of_the_sample_link_arrives_in_the_inbox_verified(server: Server) -> None:
    assert server.first_words.inbox_url == f"http://localhost:{server.port}/sandbox/inbox"

    payment = pay(server, server.first_words.link_id)

    def received() -> str:
        page = server.payer.get("/sandbox/inbox").text
        return page if payment in page else ""

    page = until(received, SECONDS)
    assert "Signature verified" in page
    assert "Not verified" not in page


def test_the_folder_is_for_its_user_alone(server: Server) -> None:
    assert server.folder.stat().st_mode & 0o077 == 0
    assert (server.folder / "installation.key").stat().st_mode & 0o077 == 0


def test_two_servers_that_start_at_once_on_an_empty_folder_furnish_it_once(folder: Path) -> None:
    def start_and_stop(_: int) -> tuple[str, str]:
        with serving(folder) as server:
            server.wait_until_ready()
            server.stop()
            return server.out, server.err

    with ThreadPoolExecutor(2) as both:
        (first, first_err), (second, second_err) = both.map(start_and_stop, range(2))

    assert sorted([bool(read_first_words(first)), bool(read_first_words(second))]) == [False, True]
    assert first_err + second_err == ""
