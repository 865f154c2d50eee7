"""Personal data at typing: keyed hash, masked form, prefix and kind of a telephone number, and masking inside texts.

Here belongs: the rules, as DuckDB macros (which do the work) and as plain Python (the reference that tests compare
with). Not here: which column holds a number (adapters). The key is bound to session variables; no macro,
query text or file holds it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

import duckdb

from orchestration.extract.expressions import literal

_BLOCK_BYTES = 64
_FULL_WIDTH = "０１２３４５６７８９＋－（）"
_ASCII = "0123456789+-()"
ANONYMOUS = ("anonymous", "unknown", "restricted", "private", "withheld", "unavailable", "none", "null", "<unknown>")
# What may be a telephone number inside a text: seven digits in a row, or a mobile number written in groups.
_NUMBER_IN_TEXT = r"[0-9０-９]{7}|1[3-9][0-9][- ][0-9]{4}[- ][0-9]{4}"
_IN_TEXT = (
    (r"(1[3-9][0-9])[- ][0-9]{4}[- ]([0-9]{4})", r"\1****\2"),
    (r"([0-9]{3})[0-9]{4,}([0-9]{4})", r"\1****\2"),
    (r"([0-9])[0-9]{4,7}([0-9]{2})", r"\1****\2"),
)


def key_id(key: str) -> str:
    """A name for a key that gives nothing of it away; part of the typing fingerprint."""
    return hmac.new(key.encode(), b"callmart key id", hashlib.sha256).hexdigest()[:16]


def keyed_hash(key: str, text: str | None) -> str | None:
    """HMAC-SHA-256 of a text in hex."""
    return None if text is None else hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def normalise_number(raw: str | None) -> str | None:
    """A number in the one form that is hashed; None when there is none (withheld, empty, no digit).

    Spaces, dashes, dots and brackets go; +86, 0086 and (before a mobile number) 86 or 0 go; a landline keeps its 0;
    +44… becomes 0044…
    """
    if raw is None:
        return None
    text = re.sub(r"[\s\-().]", "", raw.translate(str.maketrans(_FULL_WIDTH, _ASCII))).lower()
    text = re.sub(r"^(tel|sip):", "", text)
    if text in ANONYMOUS or not re.search(r"[0-9]", text):
        return None
    if re.fullmatch(r"(\+86|0086|86|0)?1[3-9][0-9]{9}", text):
        return text[-11:]
    if match := re.fullmatch(r"(?:\+86|0086)([0-9]+)", text):
        rest = match[1]
        return "0" + rest if re.fullmatch(r"[1-9][0-9]{8,10}", rest) and not re.match(r"400|800|95|96", rest) else rest
    return "00" + text[1:] if re.fullmatch(r"\+[0-9]+", text) else text


def number_type(number: str | None, internal_length: int) -> str:
    """Kind of a normalised number; up to `internal_length` digits it is an extension."""
    if number is None:
        return "anonymous"
    for kind, pattern in _kinds(internal_length):
        if re.fullmatch(pattern, number):
            return kind
    return "unknown"


def number_prefix(number: str | None, internal_length: int) -> str | None:
    """Area code of a landline, first three digits of a mobile number, else None."""
    kind = number_type(number, internal_length)
    if number is None or kind not in ("mobile", "landline"):
        return None
    if kind == "mobile":
        return number[:3]
    if not number.startswith("0"):
        return None
    return number[:3] if number[1] in "12" else number[:4]


def mask_number(number: str | None) -> str | None:
    """First three and last four digits of a long number; of a shorter one at least half is hidden."""
    if number is None:
        return None
    length = len(number)
    if length >= 11:
        return f"{number[:3]}****{number[-4:]}"
    if length >= 7:
        return f"{number[:1]}****{number[-2:]}"
    return f"{number[:1]}****{number[-1:]}" if length >= 4 else "****"


def mask_text(text: str | None, own: Iterable[str] = ()) -> str | None:
    """A text with the telephone numbers in it masked; one of the centre's `own` numbers stays."""
    if text is None or text in set(own) or not re.search(_NUMBER_IN_TEXT, text):
        return text
    text = text.translate(str.maketrans(_FULL_WIDTH, _ASCII))
    for pattern, masked in _IN_TEXT:
        text = re.sub(pattern, masked, text)
    return text


def name_of_agent(raw: str | None, known: Iterable[str], key: str) -> str | None:
    """An agent or interface as the lake names it: as written when `known` (agents' names and own numbers of the
    configuration) or without a telephone number, else masked and told apart by a short keyed hash."""
    if raw is None or raw in set(known) or not re.search(_NUMBER_IN_TEXT, raw):
        return raw
    return f"{mask_text(raw)}#{(keyed_hash(key, raw) or '')[:8]}"


def _kinds(internal_length: int) -> list[tuple[str, str]]:
    return [
        ("internal", f"[0-9]{{1,{internal_length}}}"),
        ("mobile", "1[3-9][0-9]{9}"),
        ("service", "[48]00[0-9]{7}|1[0-9]{2}|1[02][0-9]{3}|9[56][0-9]{3,6}"),
        ("foreign", "00[0-9]{5,}"),
        ("landline", "0[1-9][0-9]{8,10}|[2-8][0-9]{6,7}"),
    ]


def install(
    db: duckdb.DuckDBPyConnection, key: str, internal_length: int, own: Iterable[str], agents: Iterable[str]
) -> None:
    """Create the masking macros on a connection: keyed_hash, bare_number then norm_bare (two steps, so that a
    query does the first once), number_type, number_prefix, mask_number,
    mask_text, agent_name."""
    secret = key.encode()
    if len(secret) > _BLOCK_BYTES:
        secret = hashlib.sha256(secret).digest()
    secret = secret.ljust(_BLOCK_BYTES, b"\0")
    db.execute("set variable hash_inner = ?", [bytes(byte ^ 0x36 for byte in secret)])
    db.execute("set variable hash_outer = ?", [bytes(byte ^ 0x5C for byte in secret)])
    own_list = "[" + ", ".join(literal(number) for number in own) + "]::varchar[]"
    agent_list = "[" + ", ".join(literal(name) for name in [*agents, *own]) + "]::varchar[]"
    anonymous = ", ".join(literal(word) for word in ANONYMOUS)
    kinds = " ".join(
        f"when regexp_full_match(x, {literal(pattern)}) then {literal(kind)}"
        for kind, pattern in _kinds(internal_length)
    )
    in_text = literal(_NUMBER_IN_TEXT)
    masked = f"translate(x, {literal(_FULL_WIDTH)}, {literal(_ASCII)})"
    for pattern, replacement in _IN_TEXT:
        masked = f"regexp_replace({masked}, {literal(pattern)}, {literal(replacement)}, 'g')"
    for macro in (
        """keyed_hash(x) as case when x is not null then
            sha256(getvariable('hash_outer') || unhex(sha256(getvariable('hash_inner') || encode(x)))) end""",
        f"""bare_number(x) as regexp_replace(lower(regexp_replace(
            translate(x, {literal(_FULL_WIDTH)}, {literal(_ASCII)}), '[\\s\\-().]', '', 'g')), '^(tel|sip):', '')""",
        f"""norm_bare(x) as case
            when x in ({anonymous}) or not regexp_matches(x, '\\d') then null
            when regexp_full_match(x, '(\\+86|0086|86|0)?1[3-9]\\d{{9}}') then right(x, 11)
            when regexp_full_match(x, '(?:\\+86|0086)[1-9]\\d{{8,10}}')
                and not regexp_matches(x, '^(\\+86|0086)(400|800|95|96)')
                then '0' || regexp_extract(x, '^(?:\\+86|0086)(\\d+)', 1)
            when regexp_full_match(x, '(?:\\+86|0086)\\d+') then regexp_extract(x, '^(?:\\+86|0086)(\\d+)', 1)
            when regexp_full_match(x, '\\+\\d+') then '00' || substr(x, 2)
            else x end""",
        f"number_type(x) as case when x is null then 'anonymous' {kinds} else 'unknown' end",
        """number_prefix(x, kind) as case
            when kind = 'mobile' then left(x, 3)
            when kind = 'landline' and regexp_matches(x, '^0[12]') then left(x, 3)
            when kind = 'landline' and x[1] = '0' then left(x, 4) end""",
        """mask_number(x) as case
            when x is null then null
            when length(x) >= 11 then left(x, 3) || '****' || right(x, 4)
            when length(x) >= 7 then left(x, 1) || '****' || right(x, 2)
            when length(x) >= 4 then left(x, 1) || '****' || right(x, 1)
            else '****' end""",
        f"""mask_text(x) as case
            when not regexp_matches(x, {in_text}) or list_contains({own_list}, x) then x
            else {masked} end""",
        f"""agent_name(x) as case
            when not regexp_matches(x, {in_text}) or list_contains({agent_list}, x) then x
            else mask_text(x) || '#' || left(keyed_hash(x), 8) end""",
    ):
        db.execute("create or replace temp macro " + macro)
