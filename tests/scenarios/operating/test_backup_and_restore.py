"""A backup is taken and put back while the server runs; what is not whole is refused."""

from __future__ import annotations

import io
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from handbill.bootstrap import premises
from handbill.infra import archive
from tests.support.load import BODY, Load, loaded
from tests.support.process import Done, Server, call, free_port, pay, serving, until

REFUSED, WRONG_FILE = 1, 2
SECONDS = 20


@pytest.fixture(scope="module", autouse=True)
def load(server: Server) -> Iterator[Load]:
    key = server.first_words.test_key
    with loaded(*[lambda load: load.make_links(server.url, key)] * 2) as running:
        until(lambda: len(running.links) > 50, SECONDS)
        yield running
    assert running.refusals == []


@pytest.fixture(scope="module")
def backup(server: Server, load: Load, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Taken while links are being made."""
    file = tmp_path_factory.mktemp("backups") / "backup.tar"
    done = server.command("backup", str(file))
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{file}: {file.stat().st_size} bytes\n"
    return file


def restore(file: Path, folder: Path, *options: str, **environment: str) -> Done:
    words = ("restore", str(file), "--data", str(folder), *options)
    return call(*words, environment=environment)


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()


def test_a_restored_installation_serves_and_its_secrets_open(
    server: Server, load: Load, tmp_path: Path
) -> None:
    words = server.first_words
    with server.client(words.test_key) as shop:
        uploaded = shop.post("/api/v1/images", files={"image": ("tea.png", picture())})
        assert uploaded.status_code == 201, uploaded.text
        image = httpx2.URL(uploaded.json()["data"]["url"]).path
    acknowledged = list(load.links)
    assert server.command("backup", str(tmp_path / "backup.tar")).code == 0

    assert restore(tmp_path / "backup.tar", tmp_path / "other").code == 0

    with serving(tmp_path / "other") as restored, restored.client(words.test_key) as shop:
        stored = {link["id"] for link in all_links(restored, words.test_key)}
        assert set(acknowledged) <= stored
        assert shop.get(image).headers["content-type"] == "image/png"
        inbox = {"notify_url": f"http://localhost:{restored.port}/sandbox/inbox"}
        assert shop.patch("/api/v1/merchant", json=inbox).status_code == 200
        payment = pay(restored, words.link_id)
        until(lambda: payment in restored.payer.get("/sandbox/inbox").text, SECONDS)
        assert "Not verified" not in restored.payer.get("/sandbox/inbox").text


def all_links(server: Server, key: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    query = ""
    with server.client(key) as shop:
        while True:
            page = shop.get(f"/api/v1/links?limit=100{query}").json()
            found += page["data"]
            if not page["has_more"]:
                return found
            query = f"&cursor={page['cursor']['cursor_value']}"


def test_a_backup_is_for_its_user_alone_and_nothing_is_left_beside_it(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert list(backup.parent.iterdir()) == [backup]
    with tarfile.open(backup) as tar:
        assert tar.getnames()[0] == "handbill.db"
        assert "installation.key" in tar.getnames()


def test_a_backup_does_not_replace_a_file(server: Server, backup: Path) -> None:
    before = backup.read_bytes()

    done = server.command("backup", str(backup))

    assert (done.code, done.err) == (
        REFUSED,
        f"handbill: {backup} exists already; choose another name.\n",
    )
    assert backup.read_bytes() == before


def test_a_backup_to_a_folder_that_does_not_exist(server: Server, tmp_path: Path) -> None:
    done = server.command("backup", str(tmp_path / "none" / "backup.tar"))

    assert done.code == REFUSED
    assert "No such file or directory" in done.err


def test_an_installation_is_replaced_only_by_force(server: Server, backup: Path) -> None:
    done = server.command("restore", str(backup))

    assert (done.code, done.err) == (
        REFUSED,
        f"handbill: {server.folder} holds an installation; --force replaces it.\n",
    )


def test_a_restore_over_a_busy_server_is_one_step(
    server: Server, load: Load, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    with server.client(server.first_words.test_key) as shop:
        link = shop.post("/api/v1/links", json=BODY).json()["data"]["id"]
        assert server.command("backup", str(file)).code == 0
        later = shop.post("/api/v1/links", json=BODY).json()["data"]["id"]
        price(server, link, 2000)
        assert "20.00" in server.payer.get(f"/pay/link/{link}").text

        done = server.command("restore", str(file), "--force")

        assert (done.code, done.err) == (0, "")
        assert done.out == f"{server.folder} is as it was when {file} was written.\n"
        assert shop.get(f"/api/v1/links/{link}").json()["data"]["amount"]["default"] == 1000
        assert shop.get(f"/api/v1/links/{later}").status_code == 404
        # The page that was kept for the second version of the link is not that of the new second.
        price(server, link, 3000)
        assert "30.00" in server.payer.get(f"/pay/link/{link}").text
    so_far = len(load.links)
    until(lambda: len(load.links) > so_far + 10, SECONDS)
    assert pay(server, link)
    assert server.payer.get("/readyz").status_code == 200


def price(server: Server, link: str, minor: int) -> None:
    with server.client(server.first_words.test_key) as shop:
        changed = shop.patch(f"/api/v1/links/{link}", json={"amount": {"default": minor}})
    assert changed.status_code == 200


def test_a_backup_of_another_installation_waits_until_the_server_is_stopped(
    backup: Path, folder: Path, server: Server
) -> None:
    with serving(folder) as other:
        key = other.first_words.test_key
        refused = other.command("restore", str(backup), "--force")
        with other.client(key) as shop:
            assert shop.get("/api/v1/links").status_code == 200
        other.stop()
    taken = restore(backup, folder, "--force")

    assert refused.code == REFUSED
    assert "stop the server" in refused.err
    assert taken.code == 0
    assert (folder / "installation.key").read_bytes() == (
        server.folder / "installation.key"
    ).read_bytes()


def test_no_server_starts_while_a_backup_is_put_back(backup: Path, folder: Path) -> None:
    assert restore(backup, folder).code == 0

    with premises.alone(folder / "handbill.db") as alone:
        done = call("serve", "--data", str(folder), "--port", str(free_port()))

    assert alone
    assert (done.code, done.err) == (
        REFUSED,
        f"handbill: A backup is being restored to {folder}; start again afterwards.\n",
    )


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def one_bit_flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[20_000] ^= 1
    file.write_bytes(content)


def without_its_end(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: content.rindex(b"SHA256SUMS")] + b"\0" * 10_240)


def something_else(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 1_000)


def missing(file: Path) -> None:
    file.unlink()


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "harm", [truncated, one_bit_flipped, without_its_end, something_else, missing, a_folder]
)
def test_a_file_that_is_not_a_whole_backup_changes_nothing(
    backup: Path, server: Server, tmp_path: Path, harm
) -> None:
    file = tmp_path / "damaged.tar"
    shutil.copyfile(backup, file)
    harm(file)

    elsewhere = restore(file, tmp_path / "other")
    here = server.command("restore", str(file), "--force")

    for done in (elsewhere, here):
        assert (done.code, done.out) == (WRONG_FILE, "")
        assert done.err.startswith("handbill: FILE ")
    assert list((tmp_path / "other").iterdir()) == []
    assert server.payer.get("/readyz").status_code == 200


def test_a_backup_of_a_newer_version(backup: Path, tmp_path: Path) -> None:
    assert restore(backup, tmp_path / "newer").code == 0
    database = tmp_path / "newer" / "handbill.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    archive.write(database, tmp_path / "newer.tar", key=None, pictures=None)

    done = restore(tmp_path / "newer.tar", tmp_path / "other")

    assert done.code == WRONG_FILE
    assert "written by a newer Handbill" in done.err


def test_a_database_that_is_beyond_repair_is_set_aside(backup: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "handbill.db").write_bytes(b"\xff" * 8_192)

    done = restore(backup, folder, "--force")

    assert (done.code, done.err) == (0, "")
    assert (folder / "handbill.db.damaged").read_bytes() == b"\xff" * 8_192
    assert "Sample shop" in call("merchants", "list", "--data", str(folder)).out


def test_a_backup_without_a_key_asks_for_it(backup: Path, server: Server, tmp_path: Path) -> None:
    """As it is where the key is a setting and not a file."""
    key = (server.folder / "installation.key").read_text().strip()
    assert restore(backup, tmp_path / "first").code == 0
    (tmp_path / "first" / "installation.key").unlink()
    secret = {"HANDBILL_SECRET_KEY": key}
    words = ("backup", str(tmp_path / "keyless.tar"), "--data", str(tmp_path / "first"))
    assert call(*words, environment=secret).code == 0

    without = restore(tmp_path / "keyless.tar", tmp_path / "second")
    with_another = restore(
        tmp_path / "keyless.tar", tmp_path / "second", HANDBILL_SECRET_KEY="k" * 32
    )
    with_it = restore(tmp_path / "keyless.tar", tmp_path / "second", **secret)

    assert "set HANDBILL_SECRET_KEY" in without.err
    assert "another installation key" in with_another.err
    assert (without.code, with_another.code, with_it.code) == (REFUSED, REFUSED, 0)


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_on_postgresql_its_own_tools_are_named(folder: Path, command: str) -> None:
    words = (command, "backup.tar", "--data", str(folder))
    done = call(*words, "--database-url", "postgresql://localhost/handbill")

    assert (done.code, done.err) == (
        REFUSED,
        "handbill: This installation is on PostgreSQL: use pg_dump and pg_restore.\n",
    )
