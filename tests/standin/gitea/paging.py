"""Pages of a listing with their X-Total-Count and Link headers."""

from collections.abc import Sequence
from typing import TypeVar

from .call import Call
from .exchange import encode_query

Row = TypeVar("Row")


def paginate(call: Call, rows: Sequence[Row]) -> tuple[Sequence[Row], dict[str, str]]:
    """The page that the request asks for, and the headers that go with it."""
    size, page = _page_size(call), max(_number(call, "page"), 1)
    links = _links(call, size, page, len(rows))
    headers = {"X-Total-Count": str(len(rows)), "Access-Control-Expose-Headers": "X-Total-Count"}
    if links:
        headers |= {"Link": links, "Access-Control-Expose-Headers": "Link, X-Total-Count"}
    return rows[(page - 1) * size : page * size], headers


def _page_size(call: Call) -> int:
    limits = call.store.limits
    asked = _number(call, "limit")
    return min(asked if asked > 0 else limits.default_paging_num, limits.max_response_items)


def _number(call: Call, name: str) -> int:
    try:
        return int(call.request.argument(name))
    except ValueError:
        return 0


def _links(call: Call, size: int, page: int, total: int) -> str:
    """Link follows ROOT_URL, repeats the limit that was asked and counts with the clamped one.

    Beyond the end Gitea counts from the last page, so `prev` is one page too low.
    """
    last = -(-total // size)
    current = min(page, last)
    targets: dict[str, int] = {}
    if current < last:
        targets |= {"next": current + 1, "last": last}
    if current > 1:
        targets |= {"first": 1, "prev": current - 1}
    return ",".join(f'<{_address(call, number)}>; rel="{rel}"' for rel, number in targets.items())


def _address(call: Call, page: int) -> str:
    query = call.request.query | {"page": [str(page)]}
    return f"{call.view.root}{call.path}?{encode_query(query)}"
