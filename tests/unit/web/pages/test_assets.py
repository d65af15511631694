"""The files that pages load: small, kept for a year, never stale."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from handbill.kernel.errors import NotFound
from handbill.web.pages.assets import Assets

CSS_BYTES_MAX = 14 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.css").write_text("body { color: red }")
    (tmp_path / "secret.txt").write_text("not a page's business")
    return tmp_path


def client(assets: Assets) -> TestClient:
    return TestClient(Starlette(routes=assets.routes()))


def test_the_address_changes_with_the_content(folder: Path) -> None:
    before = Assets(folder).url("page.css")
    (folder / "page.css").write_text("body { color: blue }")
    assert Assets(folder).url("page.css") != before


def test_a_file_is_kept_for_a_year(folder: Path) -> None:
    assets = Assets(folder)
    answer = client(assets).get(assets.url("page.css"), headers={"accept-encoding": "identity"})
    assert answer.content == b"body { color: red }"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in answer.headers


def test_a_browser_that_can_unpack_gets_less(folder: Path) -> None:
    assets = Assets(folder)
    with client(assets).stream("GET", assets.url("page.css")) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == b"body { color: red }"


@pytest.mark.parametrize("name", ["page.css", "secret.txt", "page.000000000000.css", "%2e%2e"])
def test_nothing_else_is_served(folder: Path, name: str) -> None:
    with pytest.raises(NotFound):
        client(Assets(folder)).get(f"/static/{name}")


def test_addresses_lie_below_the_public_path(folder: Path) -> None:
    assert Assets(folder, path="/bills").url("page.css").startswith("/bills/static/page.")


def test_the_style_of_the_pay_page_stays_small() -> None:
    assert len(Assets().body("page.css")) <= CSS_BYTES_MAX
