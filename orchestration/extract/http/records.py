"""Records of an answer: where they stand, records inside records, and the lines that are landed.

Here belongs: the JSON values of one page. Not here: how it was asked for (client.py, paging.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from orchestration.extract.http.settings import Explode, Http


class Misplaced(Exception):
    """There are no records where the configuration says; the text tells what is there."""


def at(value: Any, path: str) -> Any:
    """The value at a dotted path (`a.b.0`, a number counts items), or None; no path is the value itself."""
    for part in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def records_of(body: Any, said: Http) -> list[Any]:
    """The records of an answer as the API counts them. Raises Misplaced when there is no array of them."""
    if body is None:
        return []
    above, _, last = said.records.rpartition(".")
    found = at(body, said.records)
    holder = at(body, above)
    if found is None and isinstance(holder, dict) and (last in holder or not said.records):
        return []  # `null` is how some APIs write an empty array
    if not isinstance(found, list):
        members = f"; its members are {', '.join(sorted(map(str, body))[:20])}" if isinstance(body, dict) else ""
        what = "nothing" if found is None else f"{_kind(found)}, no array"
        raise Misplaced(f"{what} at {said.records or 'the top'}{members}")
    return found


def exploded(records: Iterable[Any], levels: tuple[Explode, ...]) -> Iterator[Any]:
    """The records inside records, level by level. Raises Misplaced for what is no array; without one there are none."""
    if not levels:
        yield from records
        return
    level, *deeper = levels
    name = level.at.rpartition(".")[2]
    for record in records:
        items = at(record, level.at)
        if items is None:
            continue
        if not isinstance(items, list):
            raise Misplaced(f"{_kind(items)}, no array at {level.at} of a record")
        carried = {new: at(record, path) for new, path in level.carry.items()}
        inner = ((item if isinstance(item, dict) else {name: item}) | carried for item in items)
        yield from exploded(inner, tuple(deeper))


def line(record: Any) -> bytes:
    """A record as one line of JSON, the same whatever order its members came in."""
    try:
        return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a character: kept as written, for the reading to refuse the row
        return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def mixed(lines: Iterable[bytes], before: int = 0) -> int:
    """A sum of hashes of lines: the same for the same lines in any order and in any pages."""
    for text in lines:
        before += int.from_bytes(hashlib.sha256(text).digest())
    return before % (1 << 256)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    return "text" if isinstance(value, str) else "a number or flag"
