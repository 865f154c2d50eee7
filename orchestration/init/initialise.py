"""`callmart init` from a file's name to a written configuration.

Here belongs: the order of the steps, and what is still open. Not here: any step, and no printing (report.py).
"""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from expectations.contracts import contract
from orchestration import paths
from orchestration.config import nearest
from orchestration.errors import InputError, storing
from orchestration.init.assignment import FEED, Assignment, assign
from orchestration.init.columns import Column
from orchestration.init.document import Frame, written
from orchestration.init.instants import Order
from orchestration.init.moments import ORDERS, Proof, prove_order
from orchestration.init.proposal import Line, Proposal, Proposer
from orchestration.init.sample import Sample, open_sample
from orchestration.init.synonyms import Words
from orchestration.init.trial import Trial, tried

_EARLIEST = date(2000, 1, 1)  # an earlier start is a clock that was never set


@dataclass(frozen=True)
class Initialised:
    """What was written and why. `open_lines`: columns of the contract that somebody still has to decide; the trial
    waits for them."""

    export: Path
    out: Path
    frame: Frame
    columns: list[Column]
    proposal: Proposal
    proof: Proof
    trial: Trial | None
    text: str

    @property
    def open_lines(self) -> list[Line]:
        """Lines that the configuration refuses until they are decided."""
        return [line for line in self.proposal.lines.values() if len(line.sql) != 1]


def initialise(
    export: Path, out: Path, zone: str = "Asia/Shanghai", site: str = "main", order: Order = "", force: bool = False
) -> Initialised:
    """Look at an export and write a configuration for it to `out`.

    Raises InputError for an export that can't be read or has no header, a zone that does not exist, an `order` that the
    data contradict, a file that is there already (unless `force`), and a folder that can't be written.
    """
    if out.exists() and not force:
        raise InputError("the file is there already.", file=out, rule="exists",
                         todo="name another one (--out FILE), or let it be replaced (--force).")  # fmt: skip
    with open_sample(export) as sample:
        zones = [name for (name,) in sample.db.execute("select name from pg_timezone_names() order by 1").fetchall()]
        if zone not in zones:
            raise InputError(f"{zone!r} is not a time zone{nearest(zone, zones)}", column="--timezone",
                             todo="use an IANA name (Asia/Shanghai).")  # fmt: skip
        proposal, proof, first = proposed(sample, zone, order)
        relative = os.path.relpath(export.absolute(), out.absolute().parent)
        frame = Frame(
            export=export.name,
            rows=sample.rows,
            is_cut=sample.is_cut,
            paths=(glob.escape(relative),),
            form=sample.form.settings(export.name),
            encoding=sample.encoding if sample.encoding != "utf-8" else None,
            zone=zone,
            site=site,
            first_date=first.replace(day=1),
        )
        orders = [ORDERS[possible] for possible in proof.orders if possible]
        text = written(frame, proposal, orders)
        done = Initialised(export, out, frame, sample.columns, proposal, proof, None, text)
        if not done.open_lines:
            copied = replace(frame, paths=(glob.escape(sample.name),))
            done = replace(done, trial=_tried(sample, written(copied, proposal, orders)))
    _put(out, text)
    return done


def proposed(sample: Sample, zone: str, order: Order = "") -> tuple[Proposal, Proof, date]:
    """What is proposed for a sample, the proof of the order of day and month, and the first local date of its calls.
    Raises InputError for an `order` that the data contradict."""
    assigned = assign(sample.columns)
    proof = prove_order(sample.db, assigned, order)
    proposers = [Proposer(sample, _copied(assigned), possible, zone) for possible in proof.orders]
    proposal = _merged([proposer.propose() for proposer in proposers])
    first = min((day for proposer in proposers if (day := proposer.first_date(_EARLIEST))), default=_EARLIEST)
    return proposal, proof, first


def _copied(assigned: Assignment) -> Assignment:
    return Assignment(dict(assigned.taken), copy(assigned.unused))


def _tried(sample: Sample, text: str) -> Trial:
    return tried(text, sample.file, sample.file.parents[1] / "trial")


def _merged(proposals: Sequence[Proposal]) -> Proposal:
    """One proposal of those for each order that is possible: a line in which they differ is open. So is a required
    column that no column of the export gives."""
    merged = proposals[0]
    every = {target: line for proposal in reversed(proposals) for target, line in proposal.lines.items()}
    for target, line in every.items():
        sqls = [proposal.lines[target].sql[0] if target in proposal.lines else "null" for proposal in proposals]
        merged.lines[target] = replace(line, sql=tuple(sqls) if len(set(sqls)) > 1 else line.sql)
    said = contract(FEED)
    for column in said.columns:
        if column.required and column.default is None and column.name not in merged.lines:
            note = Words("导出中没有列给出它。", "No column of the export gives it.")
            merged.lines[column.name] = Line(column.name, (), (), "", (note,))
    return merged


def _put(out: Path, text: str) -> None:
    with storing(out):
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        written_first = paths.hidden(out)
        written_first.write_text(text, "utf-8")
        paths.put(written_first, out)
