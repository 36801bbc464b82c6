"""What a form of ours sent."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import HTTPException, Request

#: Bytes; a reason and a few digests take far less.
LARGEST_FORM = 16 * 1024


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form as a browser sends it; one that is none of ours is refused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HTTPException(413, "This is more than a form of this view holds, so nothing was done.")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise HTTPException(400, "This is no form of this view, so nothing was done.") from None
