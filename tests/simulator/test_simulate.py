"""The simulator is deterministic, writes what Asterisk would, and its files hold its truth."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulator import ForeignFolderError, SettingError, SimulationSummary, simulate
from simulator.asterisk_files import local_day
from simulator.events import History
from simulator.evidence.asterisk_logs import cdr, config, parse_line, queue_log, raw_lines, read_history
from simulator.run import RULES, usual_calls_per_day
from simulator.truth.telephone import recount

# three dates around the end of a month, at its weekend
START = date(2026, 3, 30)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> SimulationSummary:
    return simulate(tmp_path_factory.mktemp("simulated"), 3, 26, 12, START, company=None)


@pytest.fixture(scope="module")
def history(simulated: SimulationSummary) -> History:
    return read_history(simulated.out)


@pytest.fixture(scope="module")
def truth(simulated: SimulationSummary) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(simulated.truth.read_text(encoding="utf-8"))
    return found


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def total(truth: dict[str, Any], kpi_id: str, variant: str, **where: object) -> int:
    wanted = {"kpi_id": kpi_id, "variant": variant, "grain": "day", "dim_set": "all"} | where
    return sum(row["numerator"] for row in truth["values"] if all(row[name] == value for name, value in wanted.items()))


# --- the files hold the truth ---------------------------------------------------------------------------------------


def shown(simulated: SimulationSummary, history: History) -> list[dict[str, Any]]:
    """What the recount makes of the files and of the teams that the configuration tells."""
    teams = {agent["agent_id"]: agent["team_id"] for agent in config(simulated.out)["agents"]}
    return [value.row for value in recount(history, RULES, teams)]


def test_recount_of_what_the_files_show_is_the_truth(
    simulated: SimulationSummary, history: History, truth: dict[str, Any]
) -> None:
    values = shown(simulated, history)
    assert len(values) > 1000
    assert values == truth["values"]


def test_a_lost_line_changes_the_recount(simulated: SimulationSummary, truth: dict[str, Any], tmp_path: Path) -> None:
    """The comparison above would notice a single missing answer."""
    lines = (simulated.out / "asterisk" / "queue_log").read_text(encoding="utf-8").splitlines()
    lost = next(i for i, line in enumerate(lines) if "|RINGNOANSWER|" in line)
    (tmp_path / "asterisk" / "cdr-csv").mkdir(parents=True)
    for path in simulated.out.rglob("*"):
        if path.is_file():
            (tmp_path / path.relative_to(simulated.out)).write_bytes(path.read_bytes())
    del lines[lost]
    (tmp_path / "asterisk" / "queue_log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert shown(simulated, read_history(tmp_path)) != truth["values"]


def test_planted_repeats_are_the_only_repeated_lines(simulated: SimulationSummary, truth: dict[str, Any]) -> None:
    counts = Counter(raw_lines(simulated.out / "asterisk", "queue_log*"))
    assert sum(n - 1 for n in counts.values()) == truth["planted"]["repeated_line"] > 0
    assert sum(counts.values()) == simulated.queue_log_lines == truth["meta"]["queue_log_lines"]


def test_planted_noise_is_in_the_log(simulated: SimulationSummary, truth: dict[str, Any]) -> None:
    events = Counter(line.event for line in queue_log(simulated.out))
    assert events["CALLRATING"] == truth["planted"]["unknown_event"] > 0
    assert events["PENALTY"] == truth["planted"]["penalty"] > 0
    assert events["CONFIGRELOAD"] == truth["planted"]["configreload"]
    assert events["QUEUESTART"] == truth["planted"]["queuestart"] == 1


def test_planted_disorder_is_of_a_few_seconds_and_never_within_one_second(
    simulated: SimulationSummary, truth: dict[str, Any]
) -> None:
    lines = [parse_line(text) for text in raw_lines(simulated.out / "asterisk", "queue_log*")]
    latest = 0
    backward = []
    for line in lines:
        if line.at < latest:
            backward.append(latest - line.at)
        latest = max(latest, line.at)
    assert truth["planted"]["out_of_order_line"] > 0
    # a moved line may take its planted repeat along
    assert truth["planted"]["out_of_order_line"] <= len(backward) <= 2 * truth["planted"]["out_of_order_line"]
    assert max(backward) <= 3


def test_transfers_crossings_and_internal_calls_are_planted(truth: dict[str, Any]) -> None:
    for kind in ("blind_transfers", "attended_transfers", "calls_across_midnight", "internal_calls", "overflows"):
        assert truth["planted"][kind] > 0, kind
    assert truth["planted"]["direct_calls_answered"] > 0
    assert truth["planted"]["direct_calls_not_answered"] > 0


# --- form of the files ----------------------------------------------------------------------------------------------


def test_logs_are_rotated_by_local_date(simulated: SimulationSummary) -> None:
    assert sorted(path.name for path in (simulated.out / "asterisk").iterdir()) == [
        "cdr-csv",
        "queue_log",
        "queue_log.20260330.gz",
        "queue_log.20260331.gz",
    ]
    assert sorted(path.name for path in (simulated.out / "asterisk" / "cdr-csv").iterdir()) == [
        "Master.csv",
        "Master.csv.20260330.gz",
    ]
    archive = gzip.decompress((simulated.out / "asterisk" / "queue_log.20260331.gz").read_bytes()).decode()
    days = {local_day(int(line.split("|")[0])) for line in archive.splitlines()}
    assert days == {(date(2026, 3, 31) - date(1970, 1, 1)).days}


def test_archives_carry_no_name_and_no_time(simulated: SimulationSummary) -> None:
    head = (simulated.out / "asterisk" / "queue_log.20260330.gz").read_bytes()[:8]
    assert head[3] == 0 and head[4:8] == b"\0\0\0\0"


PARAMETERS = {
    "DID": r"\d{10}",
    "ENTERQUEUE": r"\|(anonymous|0\d{10,11}|1\d{10})\|\d+",
    "CONNECT": r"\d+\|\d{10}\.\d+\|\d+",
    "RINGNOANSWER": r"\d+000",
    "COMPLETEAGENT": r"\d+\|\d+\|\d+",
    "COMPLETECALLER": r"\d+\|\d+\|\d+",
    "BLINDTRANSFER": r"800[123]\|from-internal\|\d+\|\d+\|\d+",
    "ATTENDEDTRANSFER": r"BRIDGE\|[0-9a-f]{16}\|\d+\|\d+\|\d+",
    "ABANDON": r"\d+\|\d+\|\d+",
    "EXITWITHTIMEOUT": r"\d+\|\d+\|\d+",
    "EXITWITHKEY": r"1\|\d+\|\d+\|\d+",
    "EXITEMPTY": r"\d+\|\d+\|\d+",
    "ADDMEMBER": "",
    "REMOVEMEMBER": "",
    "AGENTLOGIN": r"PJSIP/\d{4}-[0-9a-f]{8}",
    "AGENTLOGOFF": r"PJSIP/\d{4}-[0-9a-f]{8}\|\d+",
    "PAUSE": r"ACW|Wrapup|break|lunch|meeting|training|ticket|outbound",
    "UNPAUSE": r"ACW|Wrapup|break|lunch|meeting|training|ticket|outbound",
    "PAUSEALL": "",
    "UNPAUSEALL": "",
    "QUEUESTART": "",
    "CONFIGRELOAD": "",
    "PENALTY": r"\d",
    "CALLRATING": r"[1-5]",
}


def test_every_line_of_the_queue_log_has_the_parameters_of_its_event(simulated: SimulationSummary) -> None:
    wrong = [
        line
        for line in queue_log(simulated.out)
        if not re.fullmatch(PARAMETERS[line.event], "|".join(line.data)) or line.queue not in (*RULES.queues, "NONE")
    ]
    assert wrong == []


def test_every_cdr_row_is_quoted_as_asterisk_does_and_adds_up(simulated: SimulationSummary) -> None:
    text = re.compile(r'("(?:[^"]|"")*",){9}"[^"]+",(?:"[^"]+")?,"[^"]+",\d+,\d+,("(?:[^"]|"")*",){6}\d+')
    lines = raw_lines(simulated.out / "asterisk" / "cdr-csv", "Master.csv*")
    assert [line for line in lines if not text.fullmatch(line)] == []
    sequences = [int(row["sequence"]) for row in cdr(simulated.out)]
    assert sequences == list(range(1, simulated.cdr_rows + 1))
    assert len({row["uniqueid"] for row in cdr(simulated.out)}) == simulated.cdr_rows


def test_cdr_context_application_and_number_say_what_the_call_was(simulated: SimulationSummary) -> None:
    numbers = {entry["number"] for entry in config(simulated.out)["numbers"]}
    queued = {line.call_id for line in queue_log(simulated.out) if line.event == "ENTERQUEUE"}
    rows = {row["uniqueid"]: row for row in cdr(simulated.out)}
    assert queued <= set(rows)
    for call_id in queued:
        assert rows[call_id]["dcontext"] == "from-trunk"
        assert rows[call_id]["lastapp"] == "Queue"
        assert rows[call_id]["dst"] in numbers
    others = [row for row in rows.values() if row["linkedid"] in queued and row["uniqueid"] not in queued]
    assert others
    assert {row["dcontext"] for row in others} == {"from-internal"}


def test_everything_ends_before_the_last_midnight(simulated: SimulationSummary, history: History) -> None:
    last = (simulated.last_date - date(1970, 1, 1)).days
    assert max(local_day(contact.ended_at) for contact in history.contacts) == last
    assert max(local_day(presence.ended_at) for presence in history.presences) == last


def test_agent_states_cross_the_end_of_the_month(history: History) -> None:
    month_end = (date(2026, 4, 1) - date(1970, 1, 1)).days
    assert any(
        local_day(presence.started_at) < month_end <= local_day(presence.ended_at) for presence in history.presences
    )


def test_no_agent_does_two_things_at_once(history: History) -> None:
    spans = defaultdict(list)
    for contact in history.contacts:
        for leg in contact.legs:
            spans[leg.agent_id].append((leg.started_at, leg.ended_at))
    for ring in history.rings:
        spans[ring.agent_id].append((ring.started_at, ring.ended_at))
    for presence in history.presences:
        if presence.reason is not None and presence.reason != "outbound":
            spans[presence.agent_id].append((presence.started_at, presence.ended_at))
    for agent_spans in spans.values():
        agent_spans.sort()
        assert all(first[1] <= second[0] for first, second in pairwise(agent_spans))


def test_agents_work_only_while_logged_in(history: History) -> None:
    stays = defaultdict(list)
    for presence in history.presences:
        if presence.reason is None:
            stays[presence.agent_id].append((presence.started_at, presence.ended_at))
    for contact in history.contacts:
        for leg in contact.legs:
            assert any(begin <= leg.started_at and leg.ended_at <= end for begin, end in stays[leg.agent_id])


# --- what a centre looks like ---------------------------------------------------------------------------------------


def test_offered_is_answered_abandoned_short_and_flowed_out(truth: dict[str, Any]) -> None:
    rows = truth["values"]

    def cell(row: dict[str, Any]) -> tuple[Any, ...]:
        return (row["dim_set"], row["period_start"], row["queue"], row["channel"], row["hour_of_day"])

    by_cell: dict[tuple[Any, ...], dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    for row in rows:
        if row["grain"] == "day" and row["kpi_id"] in ("M021", "M033"):
            by_cell[cell(row)][row["kpi_id"], row["variant"]] = row
    checked = 0
    for found in by_cell.values():
        if ("M021", "genesys") not in found:
            continue
        offered = found["M021", "offered"]["denominator"]
        hung_up = found["M033", "offered"]["numerator"]
        answered = found.get(("M021", "answered"), {"denominator": 0})["denominator"]
        net = found["M033", "offered_net_short"]
        short, abandoned = offered - net["denominator"], net["numerator"]
        flow_out = found["M021", "genesys"]["denominator"] - answered - abandoned
        assert hung_up == abandoned + short
        assert offered == answered + abandoned + short + flow_out
        assert flow_out >= 0
        checked += 1
    assert checked > 80


def test_service_level_and_abandonment_are_those_of_an_ordinary_centre(tmp_path: Path) -> None:
    summary = simulate(tmp_path, 5, 60, 3, company=None)
    assert summary.service_level is not None and summary.abandonment is not None
    assert 0.60 <= summary.service_level <= 0.85
    assert 0.04 <= summary.abandonment <= 0.12
    assert summary.contacts / 5 == pytest.approx(5000, rel=0.15)


def test_usual_volume_is_83_calls_an_agent_for_60_agents() -> None:
    assert usual_calls_per_day(60) == 5000
    assert usual_calls_per_day(12) / 12 < usual_calls_per_day(60) / 60 < usual_calls_per_day(120) / 120


def test_all_queues_channels_and_kinds_of_outcome_occur(truth: dict[str, Any]) -> None:
    rows = truth["values"]
    assert {row["queue"] for row in rows} == {None, "sales", "support", "billing"}
    assert {row["channel"] for row in rows} == {
        *(None, "voice_400", "voice_website", "voice_app", "voice_ad", "voice_outbound", "voice_unknown"),
    }
    for category in ("caller_hangup", "not_connected", "completed"):
        assert total(truth, "M042", "all", category=category) > 0
    assert total(truth, "M068", "all") > 0
    assert total(truth, "M072", "all") > 0
    assert total(truth, "M081", "all") > 0
    assert total(truth, "M082", "talk") > 0


# --- settings -------------------------------------------------------------------------------------------------------


def test_same_seed_gives_the_same_bytes_in_one_process_or_two_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed, processes in (("one", 5, 1), ("two", 5, 2), ("other", 6, 2)):
        simulate(tmp_path / name, 2, 10, seed, processes=processes)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert digests(tmp_path / "one")["truth.json"] != digests(tmp_path / "other")["truth.json"]


def test_a_centre_that_has_closed_takes_no_contact_and_its_customers_go_on_buying(tmp_path: Path) -> None:
    for name, settings in (
        ("open", {}),
        ("closed", {"shop_days": 366}),
        ("by two", {"shop_days": 366, "processes": 2}),
    ):
        simulate(tmp_path / name, 4, 8, 5, date(2026, 3, 29), **settings)  # type: ignore[arg-type]
    opened, closed = digests(tmp_path / "open"), digests(tmp_path / "closed")
    assert digests(tmp_path / "by two") == closed
    asterisk = {name: content for name, content in opened.items() if name.startswith("asterisk")}
    assert {name: content for name, content in closed.items() if name.startswith("asterisk")} == asterisk != {}
    truth = json.loads((tmp_path / "closed" / "truth.json").read_text("utf-8"))
    kept = [it for it in truth["values"] if it["kpi_id"] == "M137" and it["period_start"] == "2026-04-01"]
    assert {it["variant"] for it in kept} == {"repurchase", "any_activity", "buyers"}
    assert all(0 < it["numerator"] <= it["denominator"] for it in kept if it["dim_set"] == "all")
    days = {it["period_start"] for it in truth["values"] if it["kpi_id"] == "M001" and it["grain"] == "day"}
    assert max(days) == "2026-04-01"


def test_shorter_simulation_leaves_no_file_of_a_longer_one(tmp_path: Path) -> None:
    simulate(tmp_path / "again", 4, 10, 5, company=None)
    simulate(tmp_path / "again", 2, 10, 5, company=None)
    simulate(tmp_path / "fresh", 2, 10, 5, company=None)
    assert digests(tmp_path / "again") == digests(tmp_path / "fresh")


def test_logs_of_others_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "asterisk").mkdir()
    (tmp_path / "asterisk" / "queue_log").write_text("1|NONE|NONE|NONE|QUEUESTART|\n", encoding="utf-8")
    with pytest.raises(ForeignFolderError, match="choose another --out"):
        simulate(tmp_path, 1, 10, 1)
    assert (tmp_path / "asterisk" / "queue_log").read_text(encoding="utf-8") == "1|NONE|NONE|NONE|QUEUESTART|\n"


def test_one_day_without_calls_has_agents_and_no_contacts(tmp_path: Path) -> None:
    summary = simulate(tmp_path, 1, 10, 1, calls_per_day=0)
    history = read_history(tmp_path)
    assert summary.service_level is None
    assert {contact.direction for contact in history.contacts} == {"outbound"}
    assert any(presence.reason is None for presence in history.presences)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"days": 0, "agents": 10}, "--days 1"),
        ({"days": 1, "agents": 2}, "--agents 8"),
        ({"days": 1, "agents": 9000}, "8000 or fewer"),
        ({"days": 1, "agents": 10, "calls_per_day": -1}, "0 or more"),
        ({"days": 1, "agents": 10, "shop_days": -1}, "shop_days is -1"),
    ],
)
def test_impossible_settings_say_what_to_do(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        simulate(tmp_path, seed=1, start=START, **settings)


def test_configuration_names_every_agent_and_queue_of_the_log(simulated: SimulationSummary) -> None:
    settings = config(simulated.out)
    names = {name for agent in settings["agents"] for name in agent["names"]}
    lines = queue_log(simulated.out)
    assert {line.agent for line in lines} - {"NONE"} <= names
    assert {line.queue for line in lines} - {"NONE"} == {queue["queue_id"] for queue in settings["queues"]}
    assert [queue["sl_target_s"] for queue in settings["queues"]] == [20, 30, 20]
