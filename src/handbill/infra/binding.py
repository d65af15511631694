"""Binds files that `typesetting` has made into one: what is long is set in parts, in little memory.

Only for files of that typesetter: PDF 1.7 with a plain table of objects and the tags of PDF/UA-1.
Pages, their tags and their order stay; title and language are those of the first file. A library
for all files would drop the tags, and with them the readers who are blind.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_REFERENCE = re.compile(rb"\\.|[()]|(\d+) 0 R", re.DOTALL)
_PAGES_COUNTED = re.compile(rb"(?<=<xmpTPg:NPages>)\d+")
_LENGTH = re.compile(rb"(?<=/Length )\d+")
_STREAM = b"stream\n"
_NOTHING = b"null"


class _Part(NamedTuple):
    """The objects of one file, numbered on from those of the files before it."""

    objects: list[bytes]
    catalog: int
    info: int
    id: bytes
    pages: int
    tags: int
    shift: int

    def object(self, number: int) -> bytes:
        return self.objects[number - self.shift - 1]


def bound(*files: bytes) -> bytes:
    """The pages of all files, in their order. Raises ValueError on what is no such file."""
    parts: list[_Part] = []
    for file in files:
        parts.append(_read(file, sum(len(part.objects) for part in parts)))
    objects = [body for part in parts for body in part.objects]
    pages_root, tags_root = len(objects) + 1, len(objects) + 2
    count = sum(_number(rb"/Count (\d+)", part.object(part.pages)) for part in parts)
    tags = _bind_tags(objects, parts, tags_root)
    for part in parts:
        objects[part.pages - 1] = b"<</Parent %d 0 R" % pages_root + objects[part.pages - 1][2:]
    first = parts[0]
    catalog = objects[first.catalog - 1]
    for old, new in ((first.pages, pages_root), (first.tags, tags_root)):
        catalog = catalog.replace(b" %d 0 R" % old, b" %d 0 R" % new)
    objects[first.catalog - 1] = catalog
    facts = _number(rb"/Metadata (\d+) 0 R", catalog)
    objects[facts - 1] = _counted(objects[facts - 1], count)
    kids = b" ".join(b"%d 0 R" % part.pages for part in parts)
    objects.append(b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids))
    objects.append(tags)
    return _written(objects, first)


def _bind_tags(objects: list[bytes], parts: list[_Part], root: int) -> bytes:
    """The root of all tags. A page finds its own by a key, so keys are counted on."""
    elements, parents = [], []
    keys = 0
    for part in parts:
        own = part.object(part.tags)
        elements.append(_found(rb"/K\[(.*?)\]", own)[1])
        for key, place in re.findall(rb"(\d+) (\d+ 0 R)", _found(rb"/Nums\[(.*?)\]", own)[1]):
            parents.append(b"%d %s" % (int(key) + keys, place))
        for at in range(part.shift, part.shift + len(part.objects)):
            objects[at] = _under(objects[at], part.tags, root, keys)
        objects[part.tags - 1] = _NOTHING
        keys += _number(rb"/ParentTreeNextKey (\d+)", own)
    roles = _found(rb"/RoleMap<<.*?>>", parts[0].object(parts[0].tags))[0]
    return b"<</Type/StructTreeRoot%s/K[%s]/ParentTree<</Nums[%s]>>/ParentTreeNextKey %d>>" % (
        roles,
        b" ".join(elements),
        b" ".join(parents),
        keys,
    )


def _under(body: bytes, old: int, root: int, keys: int) -> bytes:
    """A page with its key, or the uppermost tag with its parent."""
    if body.startswith(b"<</Type/Page/"):
        return re.sub(
            rb"(?<=/StructParents )\d+", lambda key: b"%d" % (int(key[0]) + keys), body, count=1
        )
    if body.startswith(b"<</Type/StructElem"):
        return body.replace(b"/P %d 0 R" % old, b"/P %d 0 R" % root, 1)
    return body


def _read(file: bytes, shift: int) -> _Part:
    table = int(_found(rb"startxref\s+(\d+)\s+%%EOF\s*\Z", file)[1])
    places = [int(at) for at in re.findall(rb"(\d{10}) \d{5} n", file[table:])]
    objects = [
        _moved(_found(rb"\A\d+ 0 obj\n(.*?)\n?endobj\s*\Z", file[start:end])[1], shift)
        for start, end in zip(places, [*places[1:], table], strict=True)
    ]
    trailer = file[file.rindex(b"trailer") :]
    catalog = _number(rb"/Root (\d+) 0 R", trailer)
    return _Part(
        objects,
        catalog + shift,
        _number(rb"/Info (\d+) 0 R", trailer) + shift,
        _found(rb"/ID\[.*\]", trailer)[0],
        _number(rb"/Pages (\d+) 0 R", objects[catalog - 1]),
        _number(rb"/StructTreeRoot (\d+) 0 R", objects[catalog - 1]),
        shift,
    )


def _moved(body: bytes, shift: int) -> bytes:
    """With every reference to another object moved on; what texts and streams say stays."""
    head, stream, data = body.partition(_STREAM)
    moved, at, depth = [], 0, 0
    for token in _REFERENCE.finditer(head):
        if token[0] in b"()":
            depth += 1 if token[0] == b"(" else -1
        elif token[1] and depth == 0:
            moved += [head[at : token.start()], b"%d 0 R" % (int(token[1]) + shift)]
            at = token.end()
    return b"".join(moved) + head[at:] + stream + data


def _counted(facts: bytes, pages: int) -> bytes:
    """The XMP packet, which says how many pages there are."""
    head, stream, data = facts.partition(_STREAM)
    packet = data.removesuffix(b"\nendstream")
    packet = _PAGES_COUNTED.sub(b"%d" % pages, packet)
    return _LENGTH.sub(b"%d" % len(packet), head) + stream + packet + b"\nendstream"


def _written(objects: list[bytes], first: _Part) -> bytes:
    out = bytearray(b"%PDF-1.7\n%\x80\x80\x80\x80\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f\r\n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n\r\n" % place for place in places)
    out += b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        first.catalog,
        first.info,
        first.id,
        table,
    )
    return bytes(out)


def _number(pattern: bytes, body: bytes) -> int:
    return int(_found(pattern, body)[1])


def _found(pattern: bytes, body: bytes) -> re.Match[bytes]:
    found = re.search(pattern, body, re.DOTALL)
    if found is None:
        raise ValueError("not a file of the typesetter")
    return found
