"""A server whose disk is really full: nobody is told that something was written which was not, what
is there can be read and shown, and writing goes on when there is space."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from tests.support.load import BODY
from tests.support.process import JSON, Server, pay, serving, until
from torture.disk import OWN_MOUNTS, Disk, on_a_small_disk

pytestmark = pytest.mark.slow

DISK_BYTES = 48 << 20
SECONDS = 60
WRITERS = 8
REQUESTS = 200


def disk_of(server: Server) -> Disk:
    """The small disk, as its server sees it."""
    return Disk(Path(f"/proc/{server.process.pid}/root{server.folder}"))


def make_link(shop: httpx2.Client) -> httpx2.Response:
    return shop.post("/api/v1/links", json=BODY)


def refuse_for_lack_of_room(answer: httpx2.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["error"] == "storage_full"
    assert int(answer.headers["retry-after"]) >= 1


def write_at_once(shop: httpx2.Client, write: Callable[[httpx2.Client], httpx2.Response]):
    with ThreadPoolExecutor(WRITERS) as writers:
        return list(writers.map(lambda _: write(shop), range(REQUESTS)))


def test_a_full_disk_is_told_and_writing_goes_on_when_there_is_space(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    small = on_a_small_disk(folder, size=DISK_BYTES)
    with serving(folder, "--rate-limit", "0", around=small) as server:
        words, disk = server.first_words, disk_of(server)
        shop = server.client(words.test_key)
        kept = [made.json()["data"]["id"] for made in write_at_once(shop, make_link)]
        assert server.payer.get("/readyz").status_code == 200

        # When the last byte is taken, some writes still find room in pages that are there already.
        disk.fill()
        answers = write_at_once(shop, make_link)
        kept += [made.json()["data"]["id"] for made in answers if made.status_code == 201]
        refused = [made for made in answers if made.status_code != 201]
        assert refused
        for one in refused:
            refuse_for_lack_of_room(one)

        # Then what is there is served,
        assert server.payer.get("/readyz").json()["reason"] == "disk full"
        assert server.payer.get("/healthz").status_code == 200
        assert shop.get(f"/api/v1/links/{kept[0]}").status_code == 200
        assert shop.get("/api/v1/links").status_code == 200
        assert server.payer.get(f"/pay/link/{words.link_id}").status_code == 200
        assert server.payer.get(f"/pay/link/{words.link_id}/qr.png").status_code == 200
        # and whoever wants more is told why not.
        refuse_for_lack_of_room(press_pay(server, words.link_id))
        refuse_for_lack_of_room(upload(shop))

        disk.make_room()
        until(lambda: make_link(shop).status_code == 201, SECONDS)
        server.wait_until_ready()
        assert {made.status_code for made in write_at_once(shop, make_link)} == {201}
        assert upload(shop).status_code == 201
        assert pay(server, words.link_id)
        missing = [one for one in kept if shop.get(f"/api/v1/links/{one}").status_code != 200]
        assert missing == []
        assert server.stop() == 0


def press_pay(server: Server, link: str) -> httpx2.Response:
    """Until there is no room for it: the first may find some."""

    def refused() -> httpx2.Response | None:
        answer = server.payer.post(f"/pay/link/{link}", data={"method": "card"}, headers=JSON)
        return answer if answer.status_code != 201 else None

    answer = until(refused, SECONDS)
    assert answer is not None
    return answer


def upload(shop: httpx2.Client) -> httpx2.Response:
    file = io.BytesIO()
    Image.effect_noise((400, 400), 100).save(file, "PNG")
    return shop.post("/api/v1/images", files={"image": ("a.png", file.getvalue())})


def test_a_disk_of_our_own_can_be_mounted_here() -> None:
    """What the test above needs, told apart from what it shows."""
    done = subprocess.run([*OWN_MOUNTS, "true"], capture_output=True, text=True)

    assert done.returncode == 0, f"user namespaces or root are needed: {done.stderr}"
