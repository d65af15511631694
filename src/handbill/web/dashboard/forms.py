"""Forms of the dashboard as they are sent: with a file or without one, bounded in either case."""

from __future__ import annotations

from starlette.requests import Request

from handbill.kernel.errors import Malformed
from handbill.links.placement_tables import FILE_MAX
from handbill.web.bodies import CallerGone, Form, read_form
from handbill.web.pages import asking

FILE = "file"
"""The part of a form that may be a table of names."""
LIST_BYTES_MAX = 128 * 1024
"""Of the names of as many places as are made at once, in any script."""


async def read(request: Request, fields_max: int = asking.FIELDS_MAX) -> Form:
    """A file input that was left alone sends a file without name and content: that is none.
    `fields_max`: of a form without a file."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return Form(await asking.form(request, fields_max), None)
    try:
        form = await read_form(request.headers, request.receive, FILE, FILE_MAX, LIST_BYTES_MAX)
    except CallerGone as error:
        raise Malformed("The form ended early.") from error
    was_chosen = form.file is not None and (form.file.name or form.file.content)
    return form if was_chosen else Form(form.fields, None)
