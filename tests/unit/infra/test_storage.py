"""Where files lie: the same promises by a folder and by an S3 bucket."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType

import pytest

from handbill.infra.bucket import BucketStorage
from handbill.infra.settings import Settings, load
from handbill.infra.storage import FolderStorage, Storage, _told, open_storage
from handbill.kernel.errors import StorageFull, Unavailable
from tests.support.receivers import Heard, Receiver, answer, receiving

KEY = "images/uploads/42/1772359200000abc-photo.jpg"


class Bucket:
    """The few verbs of S3 that are used, in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}

    async def script(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        verb, path, _ = heard.line.split(" ")
        if verb == "PUT":
            self.objects[path] = heard.body, heard.headers["content-type"]
            reply = answer(headers={"etag": '"1"'})
        elif verb == "POST" and path.endswith("?delete"):
            keys = re.findall(r"<Key>([^<]+)</Key>", heard.body.decode())
            for key in keys:
                self.objects.pop(f"{path.removesuffix('?delete')}/{key}", None)
            gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            reply = answer(body=f"<DeleteResult>{gone}</DeleteResult>".encode())
        elif path in self.objects:
            body, content_type = self.objects[path]
            date = "Sun, 01 Mar 2026 10:00:00 GMT"
            facts = {"content-type": content_type, "etag": '"1"', "last-modified": date}
            reply = answer(body=body, headers=facts)
        else:
            reply = answer("404 Not Found")
        await reply(heard, writer)


def bucket_settings(receiver: Receiver) -> Settings:
    return load(
        {
            "storage_url": "s3://photos/shop",
            "storage_endpoint": receiver.url(""),
            "storage_access_key_id": "key-id",
            "storage_secret_access_key": "secret-words",
        },
        {},
    )


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[Storage]:
    if kind == "folder":
        yield open_storage(load({"storage_url": f"file://{folder}/pictures"}, {}))
        return
    async with receiving(Bucket().script) as receiver:
        yield open_storage(bucket_settings(receiver))


@pytest.fixture(params=["folder", "bucket"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.anyio
async def test_what_was_put_comes_back_with_its_content_type(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as storage:
        await storage.put(KEY, b"\xff\xd8photo", "image/jpeg")
        await storage.put("logo.png", b"", "image/png")

        assert await storage.get(KEY) == (b"\xff\xd8photo", "image/jpeg")
        assert await storage.get("logo.png") == (b"", "image/png")


@pytest.mark.anyio
async def test_what_is_put_again_takes_the_place_of_the_old(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as storage:
        await storage.put(KEY, b"old and long", "image/jpeg")
        await storage.put(KEY, b"new", "image/jpeg")

        assert await storage.get(KEY) == (b"new", "image/jpeg")


@pytest.mark.anyio
async def test_what_was_deleted_or_never_put_is_not_there(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as storage:
        await storage.put(KEY, b"photo", "image/jpeg")

        await storage.delete(KEY)
        await storage.delete(KEY)

        assert await storage.get(KEY) is None
        assert await storage.get("images/never.webp") is None
        assert await storage.get(f"{KEY}/below.png") is None


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/x.png",
        "../x.png",
        "images/../../x.png",
        "images/./x.png",
        "images//x.png",
        "images/x.png/",
        ".hidden.png",
        "images\\x.png",
        "images/x\x00.png",
        "images/x.png\n",
        "images/%2e%2e/x.png",
        "images/x y.png",
        "images/é.png",
        "images/x.html",
        "images/x",
        "a/" * 300 + "x.png",
        "x" * 300 + ".png",
    ],
)
@pytest.mark.anyio
async def test_a_key_that_could_lead_elsewhere_is_refused(
    key: str, kind: str, tmp_path: Path
) -> None:
    async with opened(kind, tmp_path) as storage:
        with pytest.raises(ValueError, match="not a key"):
            await storage.put(key, b"", "image/png")
        with pytest.raises(ValueError, match="not a key"):
            await storage.get(key)
        with pytest.raises(ValueError, match="not a key"):
            await storage.delete(key)
    assert not any(name.endswith(".png") for _, _, names in os.walk(tmp_path) for name in names)


@pytest.mark.anyio
async def test_a_content_type_must_go_with_the_ending(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as storage:
        with pytest.raises(ValueError, match="does not go with"):
            await storage.put(KEY, b"<script>", "text/html")


@pytest.mark.anyio
async def test_a_bucket_gets_prefix_content_type_and_a_signature() -> None:
    bucket = Bucket()
    async with receiving(bucket.script) as receiver:
        await BucketStorage(bucket_settings(receiver)).put(KEY, b"photo", "image/jpeg")
        (heard,) = receiver.heard

    assert bucket.objects == {f"/photos/shop/{KEY}": (b"photo", "image/jpeg")}
    assert "Credential=key-id/" in heard.headers["authorization"]
    assert "us-east-1/s3" in heard.headers["authorization"]
    assert "secret-words" not in str(heard.headers)


@pytest.mark.parametrize("status", ["403 Forbidden", "503 Slow Down"])
@pytest.mark.anyio
async def test_a_bucket_that_refuses_is_unavailable_and_not_quoted(status: str) -> None:
    body = b"<Error><Message>bucket photos of account 1234</Message></Error>"
    async with receiving(answer(status, body)) as receiver:
        storage = BucketStorage(bucket_settings(receiver))
        for call in (storage.put(KEY, b"", "image/jpeg"), storage.get(KEY), storage.delete(KEY)):
            with pytest.raises(Unavailable) as refused:
                await call

            assert "1234" not in refused.value.detail


def test_a_file_is_flushed_with_every_folder_on_its_way(tmp_path: Path) -> None:
    """Seen by the interpreter's own profiler: which calls are made of the system, in order."""
    calls: list[tuple[str, Path]] = []

    def note(frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and called in (os.fsync, os.replace):
            told = frame.f_locals
            what = told.get("folder") or told.get("unfinished") or told["self"]
            calls.append((called.__name__, what))

    sys.setprofile(note)
    try:
        FolderStorage(tmp_path / "new")._put(tmp_path / "new/images/x.jpg", b"photo")
    finally:
        sys.setprofile(None)

    names = [(name, str(path.relative_to(tmp_path))) for name, path in calls]
    unfinished = names[2][1]
    assert names == [
        ("fsync", "."),  # "new" is kept
        ("fsync", "new"),
        ("fsync", unfinished),
        ("replace", unfinished),
        ("fsync", "new/images"),
    ]
    assert unfinished.startswith("new/images/.")


def test_nothing_half_written_stays_of_a_file_that_does_not_fit(tmp_path: Path) -> None:
    """The system stops the file after 1,000 bytes, as a full disk would."""
    storage = FolderStorage(tmp_path)
    asyncio.run(storage.put("before.png", b"there", "image/png"))
    bound = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, bound[1]))
    try:
        with pytest.raises(Unavailable):
            asyncio.run(storage.put("large.png", bytes(10_000), "image/png"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, bound)
        signal.signal(signal.SIGXFSZ, ignored)

    assert [path.name for path in tmp_path.iterdir()] == ["before.png"]


@pytest.mark.anyio
async def test_an_unwritable_place_is_unavailable_and_its_path_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(b"a file where a folder should be")

    with pytest.raises(Unavailable) as refused:
        await FolderStorage(tmp_path).put("images/x.png", b"", "image/png")

    assert str(tmp_path) not in refused.value.detail


def test_a_full_disk_is_told_apart_from_other_trouble() -> None:
    with pytest.raises(StorageFull), _told(), Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"photo")
