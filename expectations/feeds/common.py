"""Checks that every feed shares, derived from its contract.

Belongs here: rules that need nothing but the contract and the settings. Rules about one feed's own events or columns
go into that feed's file.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date

from expectations.check import Check, InSet, NoPhoneNumber, NoRows, NotNull, Text, literal
from expectations.contracts import Contract
from expectations.settings import FeedSettings

DAY_S = 86_400
HOUR_MIN = 60


FIX_TYPING = Text(
    "这是类型转换的缺陷：请对照契约检查该数据源的适配器",
    "a defect of the typing step: compare the feed's adapter with its contract",
)


def contract_checks(contract: Contract, settings: FeedSettings) -> list[Check]:
    """Required columns, value lists, the date of the partition, no telephone number in clear."""
    checks = [
        Check(
            f"required_{column.name}",
            "blocking",
            Text(f"必填列 {column.name} 有空值", f"required column {column.name} is empty in some rows"),
            FIX_TYPING,
            NotNull(column.name),
        )
        for column in contract.lake_columns
        if column.required
    ]
    checks += [
        Check(
            f"domain_{column.name}",
            "blocking",
            Text(
                f"列 {column.name} 出现契约以外的取值", f"column {column.name} holds a value its contract does not list"
            ),
            FIX_TYPING,
            InSet(column.name, tuple(column.enum)),
        )
        for column in contract.lake_columns
        if column.enum
    ]
    return [
        *checks,
        date_matches_event(contract, settings),
        ahead_of_landing(contract, settings),
        no_phone_number(contract, settings),
    ]


def date_matches_event(contract: Contract, settings: FeedSettings) -> Check:
    """The partition's date is the local date of the event in the feed's zone."""
    local = f"cast({contract.event_time} at time zone 'UTC' at time zone {literal(settings.timezone)} as date)"
    if contract.entity and settings.first_date > date.min:
        local = f"greatest({local}, date {literal(settings.first_date.isoformat())})"
    sql = f"""
        select dt, source_file, source_line, {contract.event_time}, {local} as local_date
        from {{batch}} where dt <> {local}"""
    return Check(
        "date_matches_event",
        "blocking",
        Text("分区日期不等于事件的当地日期", "the partition's date is not the local date of the event"),
        Text("检查数据源声明的时区，然后重新提取", "check the zone declared for the feed, then extract again"),
        NoRows(sql),
    )


def ahead_of_landing(contract: Contract, settings: FeedSettings) -> Check:
    """Nothing happened after the file that tells it was landed; what lies more than a day ahead is refused."""
    event = contract.event_time
    return Check(
        "ahead_of_landing",
        "warning",
        Text(
            f"事件时间比文件落地还晚 {settings.ahead_tolerance_s} 秒以上",
            f"rows lie more than {settings.ahead_tolerance_s} s after their file was landed",
        ),
        Text(
            "核对源系统的时钟、数据源声明的时区，以及本机时钟",
            "compare the clock of the source and the zone declared for the feed with this machine's clock",
        ),
        NoRows(f"""
            select dt, source_file, source_line, {event}, ingested_at from {{batch}}
            where epoch({event}) > epoch(ingested_at) + {settings.ahead_tolerance_s}"""),
    )


def no_phone_number(contract: Contract, settings: FeedSettings) -> Check:
    """Personal data stops before the lake."""
    numbers = ", ".join(item.name for item in contract.inputs if item.name.endswith("_number"))
    action = Text(
        "检查该列的映射：电话号码不应出现在其中，或须在适配器中脱敏",
        "check the mapping of that column: no telephone number belongs there, or the adapter must mask it",
    )
    if numbers:
        action = Text(
            f"改用契约的 {numbers} 输入映射该列，或在适配器中脱敏",
            f"map that column through the contract's {numbers} input, or mask it in the adapter",
        )
    return Check(
        "no_phone_number",
        "blocking",
        Text("出现未脱敏的手机号码", "a mobile number is there in clear"),
        action,
        NoPhoneNumber(allowed=tuple(sorted(settings.own_numbers))),
    )


def completeness_checks(settings: FeedSettings, steady: bool = True) -> list[Check]:
    """Volume against the same weekdays before, hours and dates without rows, flagged and refused rows.

    A feed that is not `steady` has no usual day: it is only compared with what the lake holds for the same date.
    """
    return [*(_volume_checks(settings) if steady else []), *_row_checks(settings)]


def _volume_checks(settings: FeedSettings) -> list[Check]:
    listed = ", ".join(f"date {literal(day.isoformat())}" for day in sorted(settings.quiet_dates))
    not_quiet = f"and dt not in ({listed})" if listed else ""
    judged = f"history_days >= {settings.history_min_days} {not_quiet}"
    compare = Text(
        "与源系统核对该日行数；若确为假日，列入 quiet_dates",
        "compare the day's rows with the source; if the day was a holiday, list it in quiet_dates",
    )
    return [
        Check(
            "volume_collapsed",
            "blocking",
            Text(
                f"当日行数不到以往同一星期几中位数的 {settings.volume_block_share:.0%}",
                f"rows of the day below {settings.volume_block_share:.0%} of the median of the same weekday before",
            ),
            compare,
            NoRows(f"""
                select dt, row_count, usual_rows, history_days from volume
                where {judged} and row_count < {settings.volume_block_share} * usual_rows"""),
        ),
        Check(
            "volume_low",
            "warning",
            Text(
                f"当日行数不到以往同一星期几中位数的 {settings.volume_warn_share:.0%}",
                f"rows of the day below {settings.volume_warn_share:.0%} of the median of the same weekday before",
            ),
            compare,
            NoRows(f"""
                select dt, row_count, usual_rows, history_days from volume
                where {judged} and row_count < {settings.volume_warn_share} * usual_rows"""),
        ),
        Check(
            "hours_missing",
            "warning",
            Text(
                "某小时没有行，而以往同一星期几该小时从头到尾总有行",
                "an hour has no rows though the same weekday before always had some throughout it",
            ),
            Text("检查该小时的采集是否中断", "check whether recording was interrupted in that hour"),
            NoRows(f"""
                select dt, hour, fewest_rows_before, history_days from missing_hour
                where {judged} and fewest_slots_before >= {HOUR_MIN // settings.gap_slot_min}"""),
        ),
        Check(
            "dates_missing",
            "warning",
            Text("两个有数据的日期之间缺少日期（上周同日有数据）", "a date is missing that the week before had"),
            Text("检查缺失日期的文件是否已送达", "check whether the file of the missing date was delivered"),
            NoRows(f"select dt, previous_date, next_date from missing_date where true {not_quiet}"),
        ),
        Check(
            "late_rows",
            "warning",
            Text(
                f"数据湖已越过该日之后，又补来超过该日 {settings.late_warn_share:.0%} 的行",
                f"more than {settings.late_warn_share:.0%} of the rows of a date came after the lake had gone past it",
            ),
            Text(
                "该日已发布的指标会随之改变；查明文件为何迟到",
                "released figures of the date change with it; find out why the file was late",
            ),
            NoRows(f"""
                select dt, row_count - coalesce(lake_rows, 0) as late_rows, row_count, lake_last_date from volume
                where dt > lake_first_date and dt + 1 < lake_last_date
                  and row_count > (1 + {settings.late_warn_share}) * coalesce(lake_rows, 0)"""),
        ),
    ]


def _row_checks(settings: FeedSettings) -> list[Check]:
    return [
        Check(
            "volume_shrunk",
            "warning",
            Text(
                f"新分区的行数不到数据湖中现有分区的 {settings.volume_warn_share:.0%}",
                f"the new partition has below {settings.volume_warn_share:.0%} of the rows the lake holds for the date",
            ),
            Text("检查重新发送的文件是否完整", "check whether the file that was sent again is complete"),
            NoRows(f"""
                select dt, row_count, lake_rows from volume
                where row_count < {settings.volume_warn_share} * lake_rows"""),
        ),
        Check(
            "flagged_share",
            "warning",
            Text(
                f"带标记的行超过 {settings.flagged_warn_share:.0%}",
                f"more than {settings.flagged_warn_share:.0%} of the rows carry a flag",
            ),
            Text("查看最常见的标记及其规则", "look at the most common flag and its rule"),
            NoRows(f"""
                select dt, count(*) as row_count, count(flags) as flagged_rows, mode(flags) as most_common_flags
                from {{batch}} group by dt
                having count(*) >= {settings.min_rows}
                   and count(flags) > {settings.flagged_warn_share} * count(*)"""),
        ),
        _refused("refused_share", "warning", settings.refused_warn_share, 1),
        _refused("refused_most", "blocking", settings.refused_block_share, settings.min_rows),
    ]


def durations_checks(columns: Sequence[str], settings: FeedSettings) -> list[Check]:
    """Durations in 0..86400 s: single rows warn; a share of them blocks, because then a unit or column is wrong. Typing
    makes what lies outside NULL, and says so in the flags."""
    return out_of_range_checks(*_outside({column: DAY_S for column in columns}, settings), settings)


def contract_range_checks(contract: Contract, settings: FeedSettings) -> list[Check]:
    """The same for every number of a contract: durations of at most a day, rates in 0..1, counts not below 0.
    Ranks, points and money have no range of their own."""
    tops = {"s": DAY_S, "ms": 1000 * DAY_S, "rate": 1, "count": None}
    limits = {c.name: tops[c.measured_in] for c in contract.columns if c.measured_in in tops}
    durations = {name: top for name, top in limits.items() if top is not None and top >= DAY_S}
    others = {name: top for name, top in limits.items() if name not in durations}
    checks = out_of_range_checks(*_outside(durations, settings), settings) if durations else []
    if not others:
        return checks
    rows_sql, share_sql = _outside(others, settings)
    return [
        *checks,
        Check(
            "number_range",
            "warning",
            Text("数量为负，或比率不在 0 与 1 之间", "a count is negative, or a rate is not between 0 and 1"),
            Text("查看这些行的原文；指标把该值当作未知", "look at the lines; metrics take such a value as unknown"),
            NoRows(rows_sql),
        ),
        Check(
            "number_unusable",
            "blocking",
            Text(
                f"超过 {settings.unusable_block_share:.0%} 的行数量或比率不可用",
                f"counts or rates of more than {settings.unusable_block_share:.0%} of the rows are unusable",
            ),
            Text(
                "检查数值列的映射；百分比须除以 100",
                "check the mapping of the numbers; a percentage must be divided by 100",
            ),
            NoRows(share_sql),
        ),
    ]


def _outside(tops: Mapping[str, int | None], settings: FeedSettings) -> tuple[str, str]:
    """SQL of single rows, and of days with too many of them, in which a column is below 0, above its top or flagged."""
    above = {column: "" if top is None else f" or {column} > {top}" for column, top in tops.items()}
    outside = " or ".join(f"{column} < 0{top} or {flagged_value(column)}" for column, top in above.items())
    shown = ", ".join((*tops, "flags"))
    return (
        f"select dt, source_file, source_line, {shown} from {{batch}} where {outside}",
        f"""
        select dt, count(*) as row_count, count(*) filter (where {outside}) as rows_out_of_range
        from {{batch}} group by dt
        having count(*) >= {settings.min_rows}
           and count(*) filter (where {outside}) > {settings.unusable_block_share} * count(*)""",
    )


def flagged_value(column: str) -> str:
    """SQL: typing took the row's value of a column for none, because it was negative, absurd or no number."""
    return f"list_has_any(string_split(coalesce(flags, ''), ','), ['negative_{column}', 'bad_{column}'])"


def out_of_range_checks(rows_sql: str, share_sql: str, settings: FeedSettings) -> list[Check]:
    """The two checks on durations, from the SQL of single rows and of days with too many of them."""
    return [
        Check(
            "duration_range",
            "warning",
            Text("时长不是 0 至 86400 秒之间的数", "a duration is no number from 0 to 86400 s"),
            Text(
                "查看这些行的原文；指标把该时长当作未知", "look at the lines; metrics take such a duration as unknown"
            ),
            NoRows(rows_sql),
        ),
        Check(
            "duration_unusable",
            "blocking",
            Text(
                f"超过 {settings.unusable_block_share:.0%} 的行时长不可用",
                f"durations of more than {settings.unusable_block_share:.0%} of the rows are unusable",
            ),
            Text("检查时长列的单位和映射", "check unit and mapping of the duration columns"),
            NoRows(share_sql),
        ),
    ]


def order_checks(
    steps: Sequence[str], tolerance_s: int, settings: FeedSettings, key: str, pairs: Sequence[tuple[str, str]]
) -> list[Check]:
    """Steps of one record in order within the clock tolerance: single rows warn, a share of them blocks. Typing flags
    what it saw out of order, and makes an end before the start NULL."""
    seen = [f"epoch({early}) > epoch({late}) + {tolerance_s}" for early, late in pairs]
    wrong = " or ".join([*seen, "regexp_matches(flags, '(^|,)order_')"])
    return [
        Check(
            "time_order",
            "warning",
            Text(f"时间先后颠倒超过 {tolerance_s} 秒", f"steps are out of order by more than {tolerance_s} s"),
            Text("核对各系统的时钟；这些行保留并计数", "compare the systems' clocks; the rows are kept and counted"),
            NoRows(f"""
                select dt, source_file, source_line, {key}, {", ".join(steps)}, flags from {{batch}} where {wrong}"""),
        ),
        Check(
            "time_order_unusable",
            "blocking",
            Text(
                f"超过 {settings.unusable_block_share:.0%} 的行时间先后颠倒",
                f"steps of more than {settings.unusable_block_share:.0%} of the rows are out of order",
            ),
            Text("检查时间列的映射和时区", "check mapping and zone of the time columns"),
            NoRows(f"""
                select dt, count(*) as row_count, count(*) filter (where {wrong}) as rows_out_of_order
                from {{batch}} group by dt
                having count(*) >= {settings.min_rows}
                   and count(*) filter (where {wrong}) > {settings.unusable_block_share} * count(*)"""),
        ),
    ]


def value_order_checks(chains: Sequence[Sequence[str]], settings: FeedSettings) -> list[Check]:
    """Numbers and dates of one record that never fall from left to right: single rows warn, a share of them blocks."""
    wrong = " or ".join(f"{early} > {late}" for chain in chains for early, late in itertools.combinations(chain, 2))
    shown = ", ".join(dict.fromkeys(column for chain in chains for column in chain))
    limits = Text("；".join(" ≤ ".join(chain) for chain in chains), "; ".join(" <= ".join(chain) for chain in chains))
    return [
        Check(
            "value_order",
            "warning",
            Text(f"数值违反 {limits.zh}", f"values contradict {limits.en}"),
            Text("在源系统中更正这些行", "correct these rows at their source"),
            NoRows(f"select dt, source_file, source_line, {shown} from {{batch}} where {wrong}"),
        ),
        Check(
            "value_order_unusable",
            "blocking",
            Text(
                f"超过 {settings.unusable_block_share:.0%} 的行数值违反 {limits.zh}",
                f"values of more than {settings.unusable_block_share:.0%} of the rows contradict {limits.en}",
            ),
            Text("检查这些列的映射，可能对调了", "check the mapping of these columns, they may be exchanged"),
            NoRows(f"""
                select dt, count(*) as row_count, count(*) filter (where {wrong}) as rows_out_of_order
                from {{batch}} group by dt
                having count(*) >= {settings.min_rows}
                   and count(*) filter (where {wrong}) > {settings.unusable_block_share} * count(*)"""),
        ),
    ]


def unknown_event_checks(settings: FeedSettings, log: str) -> list[Check]:
    """Events that Asterisk's documentation of a log does not list: some warn, most block."""

    def unknown(share: float) -> NoRows:
        return NoRows(f"""
            select dt, count(*) as row_count, count(*) filter (where not is_known_event) as unknown_rows,
                mode(event) filter (where not is_known_event) as most_common
            from {{batch}} group by dt
            having count(*) >= {settings.min_rows}
               and count(*) filter (where not is_known_event) > {share} * count(*)""")

    return [
        Check(
            "unknown_events",
            "warning",
            Text(
                f"超过 {settings.odd_warn_share:.0%} 的事件不在 Asterisk 文档中",
                f"more than {settings.odd_warn_share:.0%} of the events are not in Asterisk's documentation",
            ),
            Text("查看事件名；它们不进入任何指标", "look at the names; no metric counts such events"),
            unknown(settings.odd_warn_share),
        ),
        Check(
            "unknown_events_most",
            "blocking",
            Text(
                "超过一半的事件不在 Asterisk 文档中", "more than half of the events are not in Asterisk's documentation"
            ),
            Text(f"检查该文件是否真是 {log}", f"check whether the file is a {log} at all"),
            unknown(0.5),
        ),
    ]


def tolerance(contract: Contract, settings: FeedSettings) -> int:
    """Clock tolerance in seconds: the configured one, else the contract's."""
    return contract.clock_tolerance_s if settings.clock_tolerance_s is None else settings.clock_tolerance_s


def _refused(name: str, level: str, share: float, min_rows: int) -> Check:
    return Check(
        name,
        "blocking" if level == "blocking" else "warning",
        Text(f"一个文件中超过 {share:.0%} 的行被拒绝", f"more than {share:.0%} of a file's rows were refused"),
        Text(
            "在 quarantine 中查看规则与原因，修正映射或格式后重新提取",
            "read rule and reason in quarantine, correct mapping or format, extract again",
        ),
        NoRows(f"""
            select dt, source_file, refused_rows, loaded_rows, most_common_rule from refused_share
            where refused_rows >= {min_rows} and refused_rows > {share} * (refused_rows + loaded_rows)"""),
    )
