"""Direction, outcome and queue entry of a call as SQL over the export's words.

Here belongs: what words mean together. Not here: the words themselves (synonyms.yml).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.extract.expressions import literal
from orchestration.init.assignment import Assignment, shortened, word_values
from orchestration.init.columns import Column
from orchestration.init.durations import Seconds
from orchestration.init.moments import Moment
from orchestration.init.synonyms import Words

Arm = tuple[str, str]
"""A condition and the value that it gives, both SQL."""
# Who is the calling and the called party of an inbound and of an outbound call.
_PARTIES = {"calling": ("caller", "agent"), "called": ("agent", "caller")}
_NEVER_QUEUED = ("abandoned_ivr", "self_served")


@dataclass(frozen=True)
class Answer:
    """SQL of a column of the contract, the columns that it comes from, and what is assumed."""

    sql: str
    by: tuple[Column, ...]
    notes: tuple[Words, ...] = ()


def among(column: Column, texts: Sequence[str]) -> str:
    """A condition: the column holds one of the texts."""
    if len(texts) == 1:
        return f"{column.sql} = {literal(texts[0])}"
    return f"{column.sql} in ({', '.join(map(literal, texts))})"


def written_case(arms: Sequence[Arm], otherwise: str = "") -> str:
    """A CASE with a line for each arm."""
    lines = [f"when {condition} then {value}" for condition, value in arms]
    end = f"else {otherwise} end" if otherwise else "end"
    return "\n  ".join(["case " + lines[0], *lines[1:], end]) if len(lines) > 1 else f"case {lines[0]} {end}"


def worded(table: str, column: Column) -> Answer:
    """A column of words by their meaning; an unknown word stays as it is, so that it is flagged."""
    known, unknown = word_values(table, column)
    is_boolean = table == "boolean"
    arms = [(among(column, texts), value if is_boolean else literal(value)) for value, texts in known.items()]
    otherwise = f"cast({column.sql} as boolean)" if is_boolean else column.sql
    return Answer(written_case(arms, otherwise), (column,), _not_known(unknown))


def _not_known(unknown: Mapping[str, int]) -> tuple[Words, ...]:
    if not unknown:
        return ()
    shown = ", ".join(f"{shortened(text)} ({count})" for text, count in list(unknown.items())[:8])
    return (Words(f"不认识的词（行数）：{shown}", f"Words that are not known (rows): {shown}."),)


class Outcomes:
    """What became of each call, by the columns that tell it."""

    def __init__(self, taken: Assignment, seconds: Mapping[str, Seconds], moments: Mapping[str, Moment]) -> None:
        self._taken, self._seconds, self._moments = taken, seconds, moments

    def direction(self) -> Answer | None:
        """The direction, None when nothing tells it (the contract's default is inbound)."""
        if column := self._taken.get("direction"):
            return worded("direction", column)
        if column := self._taken.get("is_outbound"):
            known, _ = word_values("boolean", column)
            outbound = among(column, known["true"]) if "true" in known else "false"
            return Answer(f"case when {outbound} then 'outbound' else 'inbound' end", (column,))
        return None

    def hangup_side(self) -> Answer | None:
        """Who ended the call; the calling party of an outbound call is the agent."""
        column, outbound = self._taken.get("hangup_side"), self.is_outbound()
        if column is None:
            return None
        known, unknown = word_values("hangup_side", column)
        arms, by = [], [column]
        for value, texts in known.items():
            said = among(column, texts)
            if value not in _PARTIES:
                arms.append((said, literal(value)))
                continue
            inward, outward = _PARTIES[value]
            if outbound:
                arms.append((f"{said} and {outbound[0]}", literal(outward)))
                by.append(outbound[1])
            arms.append((said, literal(inward)))
        return Answer(written_case(arms, column.sql), tuple(by), _not_known(unknown))

    def is_outbound(self) -> tuple[str, Column] | None:
        """A condition, and the column that tells it; None when no call of the sample is outbound."""
        for part, table, value in (("direction", "direction", "outbound"), ("is_outbound", "boolean", "true")):
            if column := self._taken.get(part):
                texts = word_values(table, column)[0].get(value)
                return (among(column, texts), column) if texts else None
        return None

    def in_queue(self) -> tuple[str, tuple[Column, ...]] | None:
        """The condition that a call entered a queue, if anything tells it."""
        if "queue_entered_at" in self._moments:
            columns = self._moments["queue_entered_at"].columns
            return f"{columns[-1].sql} is not null", columns
        if column := self._taken.get("queue_id"):
            return f"{column.sql} is not null", (column,)
        if "queue_wait_s" in self._seconds:
            return f"{self._seconds['queue_wait_s'].sql} > 0", (self._taken.taken["queue_wait_s"],)
        return None

    def outcome(self) -> Answer | None:
        """The outcome; None when nothing tells whether a call was answered."""
        if column := self._taken.get("outcome"):
            known, unknown = word_values("outcome", column)
            arms, by, notes = [], [column], list(_not_known(unknown))
            for value, texts in known.items():
                said = among(column, texts)
                if value != "unanswered":
                    arms.append((said, literal(value)))
                    continue
                missed, columns, assumed = self._unanswered()
                arms += [(f"{said} and {condition}" if condition else said, result) for condition, result in missed]
                by += columns
                notes += assumed
            return Answer(written_case(arms, column.sql), tuple(by), tuple(notes))
        missed, columns, assumed = self._unanswered()
        if column := self._taken.get("is_answered"):
            known, unknown = word_values("boolean", column)
            yes = among(column, known.get("true", ["true"]))
            said_of = (*_not_known(unknown), *assumed)
            if "false" in known:  # what is neither is nothing that can be counted
                no = among(column, known["false"])
                arms = [(f"{no} and {condition}" if condition else no, result) for condition, result in missed]
                return Answer(written_case([(yes, "'answered'"), *arms]), (column, *columns), said_of)
            if column.filled < column.rows:
                blank = Words("空着的都当作未接。", "What is blank is taken as not answered.")
                said_of = (blank, *said_of)
            return self._two_way(yes, missed, (column, *columns), said_of)
        if column := self._taken.get("is_abandoned"):
            known, unknown = word_values("boolean", column)
            no = among(column, known.get("false", ["false"]))
            note = Words("没有放弃的都当作已接。", "What was not abandoned is taken as answered.")
            return self._two_way(no, missed, (column, *columns), (*_not_known(unknown), note, *assumed))
        note = Words(
            "导出没有结果列；有应答（通话）即算接起。",
            "No column says what became of a call; one with an answer (or talk) is taken as answered.",
        )
        if "agent_answered_at" in self._moments:
            answered = self._moments["agent_answered_at"].columns
            return self._two_way(f"{answered[-1].sql} is not null", missed, (*answered, *columns), (note, *assumed))
        if "talk_s" in self._seconds:
            talk = self._taken.taken["talk_s"]
            return self._two_way(f"{self._seconds['talk_s'].sql} > 0", missed, (talk, *columns), (note, *assumed))
        return None

    def never_queued(self) -> str | None:
        """The condition that the words themselves say that a call reached no queue."""
        column = self._taken.get("outcome")
        if column is None:
            return None
        known, _ = word_values("outcome", column)
        texts = [text for value in _NEVER_QUEUED for text in known.get(value, [])]
        return among(column, texts) if texts else None

    def _two_way(
        self, answered: str, missed: Sequence[Arm], by: tuple[Column, ...], notes: tuple[Words, ...]
    ) -> Answer:
        *arms, (_, last) = missed
        return Answer(written_case([(answered, "'answered'"), *arms], last), tuple(dict.fromkeys(by)), notes)

    def _unanswered(self) -> tuple[list[Arm], tuple[Column, ...], tuple[Words, ...]]:
        """What a call is that was not answered; the last arm has no condition."""
        arms: list[Arm] = []
        by: tuple[Column, ...] = ()
        if outbound := self.is_outbound():
            arms.append((outbound[0], "'no_answer'"))
            by = (outbound[1],)
        if queued := self.in_queue():
            note = Words(
                "未接的呼入：进入队列的算排队放弃，否则算菜单内挂断。",
                "Unanswered inbound calls: those that entered a queue count as abandoned in it, others as hung up in "
                "the menu.",
            )
            return [*arms, (queued[0], "'abandoned_queue'"), ("", "'abandoned_ivr'")], (*by, *queued[1]), (note,)
        note = Words(
            "未接的呼入都算排队放弃，因为没有列说明是否进入队列。",
            "Unanswered inbound calls all count as abandoned in the queue: no column says who entered one.",
        )
        return [*arms, ("", "'abandoned_queue'")], by, (note,)
