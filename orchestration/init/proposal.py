"""The mapping that is proposed for an export: a line for each column of canonical.contact that can be had from it.

Here belongs: which SQL makes a column, and what is assumed with it. Not here: which column of the export takes which
part (assignment.py), the words of the file that is written (document.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from expectations.contracts import contract
from orchestration.extract.expressions import literal, quote
from orchestration.extract.masking import normalise_number, number_type
from orchestration.init.assignment import FEED, Assignment, duration_names, instant_names, taken, word_values
from orchestration.init.columns import Column
from orchestration.init.durations import Seconds, seconds
from orchestration.init.instants import Order
from orchestration.init.moments import Moment, moments
from orchestration.init.outcome import Answer, Outcomes, among, worded, written_case
from orchestration.init.relations import Figures, Relation
from orchestration.init.sample import Sample
from orchestration.init.synonyms import Words, synonyms

_AS_THEY_ARE = (
    "root_contact_id", "queue_id", "agent_id", "customer_id", "hangup_cause", "issue_id", "disposition_code",
    "line_id", "campaign_id", "line_of_business",
)  # fmt: skip
_BEFORE_ANSWER = ("ivr_s", "queue_wait_s", "ring_s")
_WITH_AGENT = ("talk_s", "hold_s", "consult_s")
# Fewer calls than these do not make a number the centre's own.
_OWN_CALLS, _OWN_SHARE, _OWN_COVER = 3, 0.01, 0.9
_INTERNAL_LENGTH = 6  # digits of an extension, the configuration's default


@dataclass(frozen=True)
class Line:
    """One line of the mapping. `sql` has more than one text while nobody has decided which holds; `by` names the
    columns of the export, `how` says how they are read, `readable` is the share of their values that can be read so."""

    target: str
    sql: tuple[str, ...]
    by: tuple[str, ...]
    how: str
    notes: tuple[Words, ...] = ()
    readable: float | None = None


@dataclass
class Proposal:
    """All that is proposed. `relations`: what the figures say of each other; `unused`: columns left out, and why."""

    lines: dict[str, Line] = field(default_factory=dict)
    rules: list[tuple[str, str, Words]] = field(default_factory=list)
    numbers: list[tuple[str, str]] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    unused: list[tuple[Column, Words]] = field(default_factory=list)
    survey: dict[str, str] = field(default_factory=dict)


class Proposer:
    """Puts a proposal together for one reading of day and month."""

    def __init__(self, sample: Sample, assigned: Assignment, order: Order, zone: str) -> None:
        self._db, self._taken, self._zone = sample.db, assigned, zone
        self._made = Proposal(unused=list(assigned.unused))
        if sample.totals:
            why = Words("合计行，不是通话。", "a line that sums up others, no call")
            self._made.rules.append(("total_line", sample.totals, why))
        self._moments = moments(assigned, order)
        self._seconds: dict[str, Seconds] = {}
        for name in duration_names():
            column = assigned.get(name)
            if column is not None and (said := seconds(column)) is not None:
                self._seconds[name] = said

    def propose(self) -> Proposal:
        """The proposal."""
        figures = self._figures()
        if self._milliseconds(figures):
            figures = self._figures()
        if self._total_is_talk(figures):
            self._taken.taken["talk_s"] = self._taken.taken.pop("total_s")
            self._seconds["talk_s"] = self._seconds.pop("total_s")
            figures = self._figures()
        self._nonzero = figures.nonzero
        self._answer = self._relate(figures)
        self._keys()
        self._durations()
        self._instants()
        self._outcome()
        self._people()
        self._rest()
        self._survey()
        self._leftover()
        names = [column.name for column in contract(FEED).columns]
        inputs = [item.name for item in contract(FEED).inputs]
        order = {name: place for place, name in enumerate([names[0], *inputs, *names[1:]])}
        self._made.lines = dict(sorted(self._made.lines.items(), key=lambda item: order[item[0]]))
        return self._made

    def first_date(self, earliest: date) -> date | None:
        """The first local date of the calls from `earliest` on, None when the export has no start."""
        start = self._moments.get("started_at")
        if start is None:
            return None
        local = f"({start.typed}) at time zone {literal(self._zone)}" if start.is_absolute else start.typed
        row = self._db.execute(
            f"""select min(began::date) from (select try({{'v': {local}}}).v as began from raw)
            where began >= date {literal(earliest.isoformat())}"""
        ).fetchone()
        return row[0] if row else None

    # --- figures ---------------------------------------------------------------------------------------------

    def _figures(self) -> Figures:
        instants = {name: moment.utc(self._zone) for name, moment in self._moments.items()}
        return Figures(self._db, instants, {name: said.sql for name, said in self._seconds.items()})

    def _milliseconds(self, figures: Figures) -> bool:
        """Read numbers without a unit as milliseconds where seconds would be longer than the calls; whether any was."""
        whole, changed = figures.span("started_at", "ended_at"), False
        for name, said in list(self._seconds.items()):
            if whole and said.is_assumed and said.how == "s" and name != "acw_s" and figures.is_longer(name, whole):
                other = seconds(self._taken.taken[name], "ms")
                if other is not None:
                    self._seconds[name], changed = other, True
        return changed

    def _total_is_talk(self, figures: Figures) -> bool:
        """Whether the column that may be the whole call or the talk is the talk."""
        column = self._taken.get("total_s")
        if column is None or "talk_s" in self._seconds:
            return False
        if "talk_s" not in synonyms().meanings[column.header.key]:
            return False
        talk, whole = figures.span("agent_answered_at", "ended_at"), figures.span("started_at", "ended_at")
        if talk is None or not figures.equal("", talk, "total_s").holds:
            return False
        return whole is None or not figures.equal("", whole, "total_s").holds

    def _relate(self, figures: Figures) -> Relation | None:
        """What the figures say; the relation of the answer, if there is one."""
        told = self._made.relations
        whole = figures.span("started_at", "ended_at")
        if whole and "total_s" in self._seconds:
            told.append(figures.equal("ended_at − started_at", whole, "total_s"))
        if whole is None and "total_s" in self._seconds:
            whole = quote("total_s")
        answer = figures.span("started_at", "agent_answered_at")
        waited = figures.best_sum("agent_answered_at − started_at", answer, _BEFORE_ANSWER) if answer else None
        talked = figures.span("agent_answered_at", "ended_at")
        self._talk = (
            figures.best_sum("ended_at − agent_answered_at", talked, (*_WITH_AGENT, "acw_s"), "talk_s")
            if talked and "talk_s" in self._seconds
            else None
        )
        self._whole = (
            figures.best_sum("ended_at − started_at", whole, (*_BEFORE_ANSWER, *_WITH_AGENT, "acw_s"), "talk_s")
            if whole and "talk_s" in self._seconds
            else None
        )
        told += [found for found in (waited, self._talk, self._whole) if found is not None]
        steps = ("started_at", "queue_entered_at", "agent_answered_at", "ended_at")
        for early, late in pairwise(steps):
            if found := figures.order(early, late):
                told.append(found)
        return waited

    def _before_answer(self) -> tuple[str, ...] | None:
        """The parts between start and answer, when the figures prove them."""
        if self._answer is not None and self._answer.holds:
            return self._answer.parts
        if self._answer is None and self._whole is not None and self._whole.holds and "talk_s" in self._whole.parts:
            return tuple(part for part in self._whole.parts if part in _BEFORE_ANSWER)
        return None

    # --- lines -----------------------------------------------------------------------------------------------

    def _add(
        self, target: str, sql: str, by: tuple[Column, ...], how: str = "", *notes: Words, check: str | None = None
    ) -> None:
        """A line; `check` is SQL that is not NULL where the value could be read, by default the line's own."""
        by = tuple(dict.fromkeys(by))
        given = " and ".join(f"{column.sql} is not null" for column in by) or "true"
        row = self._db.execute(
            f"select count(*), count(try({{'v': ({check or sql})}}).v) from raw where {given}"
        ).fetchone()
        assert row is not None
        share = row[1] / row[0] if row[0] else None
        self._made.lines[target] = Line(target, (sql,), tuple(column.name for column in by), how, notes, share)

    def _keys(self) -> None:
        column = self._taken.get("contact_id")
        if column is not None:
            notes = []
            if repeated := column.filled - column.distinct:
                notes.append(
                    Words(
                        f"{repeated} 行的编号重复；同一编号只计一行。若一行是一段而非一次通话，请先合并。",
                        f"{repeated} rows repeat an id, and one row of each id counts. If a row is a leg and not a "
                        "call, put the legs of a call together first.",
                    )
                )
            self._add("contact_id", column.sql, (column,), "", *notes)
            return
        parts = ("started_at", "caller_number", "dialled_number", "agent_id")
        by = [column for part in parts for column in self._of(part)]
        if by:
            text = ", ".join(column.sql for column in by)
            note = Words(
                "导出没有通话编号，由这些列合成；完全相同的两行只计一行。",
                "The export has no id of a call; one is made of these columns. Two rows alike in them count once.",
            )
            self._add("contact_id", f"md5(concat_ws('|', {text}))", tuple(by), "md5", note)

    def _of(self, part: str) -> tuple[Column, ...]:
        if part in self._moments:
            return self._moments[part].columns
        column = self._taken.get(part)
        return () if column is None else (column,)

    def _durations(self) -> None:
        before = self._before_answer()
        for name, said in self._seconds.items():
            column, sql, notes = self._taken.taken[name], said.sql, []
            if said.is_assumed and not self._is_proved(name):
                zh = f"单位当作“{said.how}”，没有别的列能证明。"
                notes.append(Words(zh, f"Taken as {said.how}; no other column proves it."))
            if name == "total_s" and "talk_s" in synonyms().meanings[column.header.key] and not self._is_proved(name):
                zh = "当作整通电话的时长，也可能只是通话时长。"
                notes.append(Words(zh, "Taken as the length of the whole call; it may be the talk alone."))
            if name == "queue_wait_s" and before is not None and {"queue_wait_s", "ring_s"} <= set(before):
                sql = f"{sql} + coalesce({self._seconds['ring_s'].sql}, 0)"
                notes.append(
                    Words("等待到应答为止，含振铃（数据证明二者相加）。",
                          "A wait lasts until the answer, the ring included (the figures prove that they add up).")
                )  # fmt: skip
            if name == "talk_s" and self._talk_holds_hold():
                sql = f"{sql} - coalesce({self._seconds['hold_s'].sql}, 0)"
                notes.append(
                    Words("导出的通话时长含保持，已减去。", "The export's talk holds the hold, which is taken off.")
                )
            self._add(name, sql, (column,), said.how, *notes)
        if "talk_s" not in self._seconds and {"agent_answered_at", "ended_at"} <= self._moments.keys():
            answer, end = self._moments["agent_answered_at"], self._moments["ended_at"]
            note = Words("由结束减应答得出，含保持。", "Worked out as end minus answer, hold included.")
            self._add("talk_s", f"epoch({end.typed} - {answer.typed})", (*answer.columns, *end.columns), "", note)

    def _is_proved(self, name: str) -> bool:
        return any(name in relation.parts and relation.holds for relation in self._made.relations)

    def _talk_holds_hold(self) -> bool:
        proof = self._talk or self._whole
        return (
            proof is not None and proof.holds and "talk_s" in proof.parts and "hold_s" not in proof.parts
            and "hold_s" in self._nonzero
        )  # fmt: skip

    def _instants(self) -> None:
        for name, moment in self._moments.items():
            self._add(name, moment.plain, moment.columns, moment.how, *moment.notes, check=moment.typed)
        start = self._moments.get("started_at")
        if start is None and "ended_at" in self._moments and "total_s" in self._seconds:
            end, total = self._moments["ended_at"], self._seconds["total_s"]
            sql = f"{end.typed} - to_seconds({total.sql})"
            by = (*end.columns, self._taken.taken["total_s"])
            start = Moment(sql, sql, by, "", end.is_absolute)
            self._moments["started_at"] = start
            self._add("started_at", sql, by, "", Words("由结束减总时长得出。", "Worked out as end minus duration."))
        if start is None:
            return
        if start.columns and len(start.columns) == 1 and not start.is_absolute:
            self._add("started_at_raw", start.columns[0].sql, start.columns)
        before = self._before_answer()
        if "agent_answered_at" not in self._moments and before:
            waits = " + ".join(f"coalesce({self._seconds[part].sql}, 0)" for part in before)
            sql = f"case when {self._talked()} then {start.typed} + to_seconds({waits}) end"
            note = Words(
                "由开始加应答前各段得出（数据证明相加成立）。",
                "Worked out as start plus the parts before the answer (the figures prove that they add up).",
            )
            by = (*start.columns, *(self._taken.taken[part] for part in before), self._taken.taken["talk_s"])
            self._add("agent_answered_at", sql, by, "", note, check=f"{start.typed} + to_seconds({waits})")
        if "ended_at" not in self._moments and "total_s" in self._seconds:
            sql = f"{start.typed} + to_seconds({self._seconds['total_s'].sql})"
            note = Words("由开始加总时长得出。", "Worked out as start plus duration.")
            self._add("ended_at", sql, (*start.columns, self._taken.taken["total_s"]), "", note)
        elif "ended_at" not in self._moments:
            parts = [part for part in (*_BEFORE_ANSWER, *_WITH_AGENT) if part in self._seconds]
            if "talk_s" in parts:
                waits = " + ".join(f"coalesce({self._seconds[part].sql}, 0)" for part in parts)
                note = Words("假定各段首尾相接：开始加各段。", "Assumed: the parts follow one another from the start.")
                by = (*start.columns, *(self._taken.taken[part] for part in parts))
                self._add("ended_at", f"{start.typed}\n  + to_seconds({waits})", by, "", note)

    def _talked(self) -> str:
        return f"{self._seconds['talk_s'].sql} > 0"

    def _outcome(self) -> None:
        words = Outcomes(self._taken, self._seconds, self._moments)
        outbound, queued, start = words.is_outbound(), words.in_queue(), self._moments.get("started_at")
        if direction := words.direction():
            self._add_enum("direction", direction)
        if outcome := words.outcome():
            self._add_enum("outcome", outcome)
            if column := self._taken.get("outcome"):
                self._add("outcome_raw", column.sql, (column,))
        if "queue_entered_at" in self._moments or queued is None or start is None:
            return
        conditions = [queued[0]]
        by = [*queued[1], *start.columns]
        if outbound:
            conditions.append(f"not ({outbound[0]})")
            by.append(outbound[1])
        if never := words.never_queued():
            conditions.append(f"not ({never})")
            by.append(self._taken.taken["outcome"])
        sql, before = start.typed, self._before_answer()
        if before and "ivr_s" in before:
            sql = f"{sql} + to_seconds(coalesce({self._seconds['ivr_s'].sql}, 0))"
            by.append(self._taken.taken["ivr_s"])
        note = Words("当作从开始（及 IVR 之后）起排队。", "Taken as the start of the call, or the end of its menu.")
        if before is not None and "queue_wait_s" in before:
            note = Words(
                "由开始（及 IVR 时长）得出：数据证明其后为等待与应答。",
                "The start of the call, or the end of its menu: the figures prove that the wait follows.",
            )
        entered = "case when " + "\n  and ".join(conditions) + f"\n  then {sql} end"
        self._add("queue_entered_at", entered, tuple(by), "", note, check=sql)

    def _add_enum(self, target: str, answer: Answer) -> None:
        enum = contract(FEED).column(target).enum
        allowed = ", ".join(map(literal, enum or ()))
        check = answer.sql
        if enum:
            check = f"case when ({answer.sql}) in ({allowed}) then 1 end"
        # a row without an outcome is refused, one without a side of the hang-up is not
        given = "true" if target == "outcome" else f"{answer.by[0].sql} is not null"
        row = self._db.execute(f"select count(*), count(try({{'v': ({check})}}).v) from raw where {given}").fetchone()
        assert row is not None
        names = tuple(dict.fromkeys(column.name for column in answer.by))
        share = row[1] / row[0] if row[0] else None
        self._made.lines[target] = Line(target, (answer.sql,), names, "", answer.notes, share)

    def _people(self) -> None:
        outbound = Outcomes(self._taken, self._seconds, self._moments).is_outbound()
        caller, callee = self._taken.get("caller_number"), self._taken.get("dialled_number")
        customer = self._taken.get("customer_number")
        if customer:
            self._add("caller_number", customer.sql, (customer,))
            if caller:
                self._made.unused.append((caller, taken("caller_number", customer)))
        elif caller and callee and outbound:
            note = Words("外呼时客户是被叫。", "Of an outbound call the customer is the one called.")
            sql = f"case when {outbound[0]} then {callee.sql} else {caller.sql} end"
            self._add("caller_number", sql, (caller, callee), "", note, check="1")
        elif caller:
            self._add("caller_number", caller.sql, (caller,))
        if callee and outbound:
            sql = f"case when {outbound[0]} then null else {callee.sql} end"
            self._add("dialled_number", sql, (callee,), check="1")
        elif callee:
            self._add("dialled_number", callee.sql, (callee,))
        if callee:
            self._own_numbers(callee, f"not ({outbound[0]})" if outbound else "true")

    def _own_numbers(self, callee: Column, inbound: str) -> None:
        """The centre's own numbers: few that nearly every call goes to, and no mobile. Else they may be customers'."""
        rows = self._db.execute(
            f"""select {callee.sql} as number, count(*) as calls from raw where {inbound} and number is not null
            group by number order by calls desc, number"""
        ).fetchall()
        least = max(_OWN_CALLS, _OWN_SHARE * callee.rows)
        own = [(number, calls) for number, calls in rows if calls >= least]
        if sum(calls for _, calls in own) < _OWN_COVER * sum(calls for _, calls in rows):
            return
        for number, _ in own:
            bare = normalise_number(number)
            if number_type(bare, _INTERNAL_LENGTH) in ("service", "landline"):
                self._made.numbers.append((number, "voice_400" if (bare or "").startswith("400") else "voice_unknown"))

    def _rest(self) -> None:
        for name in _AS_THEY_ARE:
            if column := self._taken.get(name):
                self._add(name, column.sql, (column,))
        for name in ("priority", "transfer_count"):
            if column := self._taken.get(name):
                self._add(name, f"cast({column.sql} as integer)", (column,))
        if side := Outcomes(self._taken, self._seconds, self._moments).hangup_side():
            self._add_enum("hangup_side", side)
        if column := self._taken.get("declared_resolved"):
            self._add_enum("declared_resolved", worded("boolean", column))

    def _leftover(self) -> None:
        """Tell the columns that took a part of which nothing was made."""
        told = {column.name for column, _ in self._made.unused}
        told |= {name for line in self._made.lines.values() for name in line.by}
        for part, column in self._taken.taken.items():
            if column.name in told:
                continue
            why = Words("另有列给出同样的信息。", "Another column tells the same.")
            if part in self._moments or part in instant_names():
                why = Words("时刻没有对应的日期。", "It is a time of day, and no column has its date.")
            self._made.unused.append((column, why))

    def _survey(self) -> None:
        """Ratings, as a feed of their own that is written but not switched on."""
        column = self._taken.get("satisfaction")
        if column is None:
            return
        why = Words(
            f"写成注释的 survey_response：{column.filled}/{column.rows} 行有评价，启用后没有评价的行会进隔离区。",
            f"Written as a commented survey_response: {column.filled} of {column.rows} rows have a rating, and once it "
            "is switched on the others go to quarantine.",
        )
        self._made.unused.append((column, why))
        known, unknown = word_values("satisfaction", column)
        if column.are_numbers:
            score = f"cast({column.sql} as double)"
            top = next((scale for scale in (5, 10, 100) if (column.highest or 0) <= scale), 0)
        elif sum(unknown.values()) < 0.5 * column.texts.total():
            score, top = written_case([(among(column, texts), value) for value, texts in known.items()]), 5
        else:
            return
        lines = self._made.lines
        answered = next((lines[name].sql[0] for name in ("ended_at", "started_at") if name in lines), None)
        if answered is None or "contact_id" not in lines:
            return
        contact = lines["contact_id"].sql[0]
        rated = f"case when {column.sql} is not null then {contact} end"
        said = {"survey_id": rated, "question_id": "'csat'", "question_kind": "'csat'", "contact_id": contact,
                "responded_at": answered, "score": score}  # fmt: skip
        if "agent_id" in lines:
            said["agent_id"] = lines["agent_id"].sql[0]
        if top:
            said |= {"scale_min": "1" if top < 100 else "0", "scale_max": str(top)}
        self._made.survey = said
