"""Claims about what happens without a person: which files start a run, and which runs are over.

Here belongs: triggers and the state of runs, on files but without dbt. Not here: a running daemon (end_to_end).
"""

import fcntl
import gzip
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.dagster_run import DagsterRun
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy import select

from orchestration.assets.context import JOB, PLANNED_TAG, Site
from orchestration.automation.alerts import failed_check_sensor
from orchestration.automation.files import arrived, fingerprint, landed, look
from orchestration.automation.requests import FILES_TAG, PATIENCE, as_configured_now
from orchestration.automation.runs import alive, forget_killed_runs, open_run, retire_runs
from orchestration.automation.triggers import Cursor, evaluate, schedules
from orchestration.build import prepare_dagster_home
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE
from orchestration.errors import InputError, LockedError
from orchestration.event_log import EventLog
from orchestration.extract import lake
from orchestration.feeds import dates_to_build
from orchestration.lock import build_lock, build_lock_in_turn
from orchestration.paths import lock_path
from orchestration.planning import range_tags
from tests.orchestration.api_server import Reply, serving
from tests.orchestration.extract_kit import CENTRE, CONTACT, CONTACT_HEADER, NOW, QUEUE_LOG, Kit

LOG = "1773100000|NONE|NONE|NONE|QUEUESTART|\n"
MORE = "1773100060|NONE|NONE|NONE|QUEUESTART|\n"
CALL = "{id},{day} 10:00:00,answered,13800000000,60,{day} 11:00:00\n"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance of a data root, with the storage that callmart configures."""
    monkeypatch.setenv("DAGSTER_HOME", str(prepare_dagster_home(tmp_path)))
    with dg.DagsterInstance.get() as found:
        yield found


def site(kit: Kit) -> Site:
    return Site(kit.config, kit.root)


def calls(*days: str) -> str:
    return CONTACT_HEADER + "".join(CALL.format(id=f"c{number}", day=day) for number, day in enumerate(days))


def names(kit: Kit) -> list[str]:
    """Files that arrived since the last landing."""
    found = arrived(kit.config, look(kit.config), landed(kit.config, kit.root))
    return sorted(path for states in found.values() for path in states)


def state(kit: Kit) -> str:
    return fingerprint(kit.config, look(kit.config))


def tick(kit: Kit, instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    return evaluate(site(kit), instance, Cursor.read(cursor))


def reason(result: dg.SensorResult) -> str:
    assert isinstance(result.skip_reason, dg.SkipReason) and not result.run_requests
    return result.skip_reason.skip_message or ""


def request(result: dg.SensorResult) -> dg.RunRequest:
    assert result.run_requests is not None, result.skip_reason
    (found,) = result.run_requests
    return found


def dates(found: dg.RunRequest) -> tuple[str, str]:
    tags = found.tags
    return tags["dagster/asset_partition_range_start"], tags["dagster/asset_partition_range_end"]


def add_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, tags: dict[str, str] | None = None) -> str:
    """A run that began, and ended when the status says so, now."""
    run = DagsterRun(JOB, tags=tags or {}, status=dg.DagsterRunStatus.NOT_STARTED)
    instance.add_run(run)
    kinds = {
        dg.DagsterRunStatus.SUCCESS: dg.DagsterEventType.RUN_SUCCESS,
        dg.DagsterRunStatus.FAILURE: dg.DagsterEventType.RUN_FAILURE,
    }
    for kind in [dg.DagsterEventType.RUN_START, *([kinds[status]] if status in kinds else [])]:
        instance.report_dagster_event(dg.DagsterEvent(kind.value, JOB, message=""), run.run_id)
    assert status_of(instance, run.run_id) == status
    return run.run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


# --- files -----------------------------------------------------------------------------------------------


def test_a_new_file_arrived_and_a_landed_one_did_not(contact: Kit) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    contact.land()
    contact.write("b.csv", calls("2026-03-06"))
    assert names(contact) == ["b.csv"]


def test_an_export_that_was_written_again_arrived(contact: Kit) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    contact.land()
    contact.write("a.csv", calls("2026-03-05", "2026-03-06"))
    assert names(contact) == ["a.csv"]


def test_a_log_that_only_grew_did_not_arrive_but_a_rotated_or_shrunk_one_did(log: Kit) -> None:
    log.write("queue_log", LOG)
    log.land()
    log.write("queue_log", LOG + MORE)
    assert names(log) == []
    log.write("queue_log.1", LOG + MORE)
    log.write("queue_log", "")
    assert names(log) == ["queue_log", "queue_log.1"]


def test_a_compressed_log_that_was_sent_again_arrived_though_it_is_longer(log: Kit) -> None:
    log.write("queue_log.1.gz", gzip.compress(LOG.encode()))
    log.land()
    log.write("queue_log.1.gz", gzip.compress((LOG + MORE).encode()))
    assert names(log) == ["queue_log.1.gz"]


def test_the_name_of_a_state_stays_while_a_log_grows_and_changes_with_any_other_file(log: Kit) -> None:
    os.utime(log.write("queue_log.1", LOG), (1, 1))
    log.write("queue_log", LOG)
    before = state(log)
    log.write("queue_log", LOG + MORE)
    assert state(log) == before
    os.utime(log.base / "queue_log.1", (2, 2))
    assert state(log) != before


def test_the_name_of_a_state_changes_with_the_configuration(contact: Kit) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    before = state(contact)
    contact.configure(CONTACT.replace("cast(talk as double)", "cast(talk as double) * 60"))
    assert state(contact) != before


def test_a_file_that_vanishes_between_two_looks_is_no_file(contact: Kit) -> None:
    (contact.base / "gone.csv").symlink_to("nowhere")
    assert look(contact.config) == {"canonical.contact": {}}


# --- the sensor ------------------------------------------------------------------------------------------


def test_nothing_is_landed_before_a_file_arrives(contact: Kit, instance: dg.DagsterInstance) -> None:
    assert reason(tick(contact, instance)) == "no file has arrived"
    assert not contact.root.exists()


def test_a_file_starts_one_run_over_its_dates_once_two_looks_find_it_the_same(
    contact: Kit, instance: dg.DagsterInstance
) -> None:
    contact.write("a.csv", calls("2026-03-05", "2026-03-07"))
    first = tick(contact, instance)
    assert "a.csv" in reason(first) and not (contact.root / "landing").exists()
    asked = request(tick(contact, instance, first.cursor))
    assert dates(asked) == ("2026-03-05", "2026-03-07")
    assert asked.run_key == f"{state(contact)}-0"
    assert asked.tags[FILES_TAG] == state(contact) and PLANNED_TAG in asked.tags


def test_a_file_that_is_still_copied_waits(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.write("a.csv", CONTACT_HEADER)
    first = tick(contact, instance)
    contact.write("a.csv", calls("2026-03-05"))
    second = tick(contact, instance, first.cursor)
    assert "waiting" in reason(second)
    assert dates(request(tick(contact, instance, second.cursor))) == ("2026-03-05", "2026-03-05")


def test_how_many_looks_must_agree_is_configured(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.configure(CONTACT + "automation: {settled_after_looks: 3}\n")
    contact.write("a.csv", calls("2026-03-05"))
    second = tick(contact, instance, tick(contact, instance).cursor)
    assert "waiting until 3 looks" in reason(second)
    assert request(tick(contact, instance, second.cursor))


def test_a_record_of_a_clock_that_is_ahead_has_a_partition_to_be_built_in(tmp_path: Path) -> None:
    """The landing takes records up to a day ahead of this machine's clock."""
    contact = Kit(tmp_path, "canonical.contact").configure(CONTACT)
    moment = datetime.now(UTC)
    ahead = (moment + timedelta(hours=8 + 23)).strftime("%Y-%m-%d %H:%M:%S")
    contact.write("a.csv", CONTACT_HEADER + f"c1,{ahead},answered,13800000000,60,{ahead}\n")
    touched = dates_to_build(contact.config, contact.root, moment.replace(tzinfo=None))
    assert [day.isoformat() for day in touched] == [ahead[:10]]
    assert site(contact).partitions().has_partition_key(ahead[:10])


def test_a_late_file_asks_for_its_old_dates_only(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.write("a.csv", calls("2026-03-08"))
    contact.refresh()
    contact.write("late.csv", CONTACT_HEADER + CALL.format(id="late", day="2026-03-02"))
    asked = request(tick(contact, instance, tick(contact, instance).cursor))
    assert dates(asked) == ("2026-03-02", "2026-03-02")


def test_while_somebody_builds_the_file_waits_and_is_not_forgotten(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    first = tick(contact, instance)
    contact.root.mkdir()
    with lock_path(contact.root).open("w") as foreign:
        fcntl.flock(foreign, fcntl.LOCK_EX)
        second = tick(contact, instance, first.cursor)
        assert "another build" in reason(second)
    assert request(tick(contact, instance, second.cursor))


def test_a_second_run_is_not_asked_for_while_one_works(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    asked = tick(contact, instance, tick(contact, instance).cursor)
    run = add_run(instance, dg.DagsterRunStatus.STARTED, dict(request(asked).tags))
    assert run[:8] in reason(tick(contact, instance, asked.cursor))


def test_a_request_that_was_lost_is_made_again(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    asked = tick(contact, instance, tick(contact, instance).cursor)
    again = request(tick(contact, instance, asked.cursor))
    assert again.run_key == request(asked).run_key


def test_after_a_good_run_nothing_is_owed(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    asked = tick(contact, instance, tick(contact, instance).cursor)
    add_run(instance, dg.DagsterRunStatus.SUCCESS, dict(request(asked).tags))
    done = tick(contact, instance, asked.cursor)
    assert "in the release" in reason(done)
    assert reason(tick(contact, instance, done.cursor)) == "no file has arrived"


def test_a_file_whose_run_failed_is_tried_again_after_a_while_and_not_at_each_look(
    contact: Kit, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    asked = tick(contact, instance, tick(contact, instance).cursor)
    for failures, wait in enumerate([*PATIENCE, PATIENCE[-1]], 1):
        run = add_run(instance, dg.DagsterRunStatus.FAILURE, dict(request(asked).tags))
        patient = tick(contact, instance, asked.cursor)
        assert f"run {run[:8]}" in reason(patient) and f"({failures} in a row)" in reason(patient)
        moment = datetime.now(UTC).replace(tzinfo=None)
        later = moment + wait - timedelta(minutes=1)
        monkeypatch.setattr("orchestration.automation.requests.now", lambda later=later: later)
        assert "the same files again at" in reason(tick(contact, instance, patient.cursor))
        due = moment + wait + timedelta(minutes=1)
        monkeypatch.setattr("orchestration.automation.requests.now", lambda due=due: due)
        asked = tick(contact, instance, patient.cursor)
        assert request(asked).run_key == f"{state(contact)}-{failures}"
        monkeypatch.undo()
        monkeypatch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)


def test_a_corrected_file_is_tried_at_once(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    asked = tick(contact, instance, tick(contact, instance).cursor)
    add_run(instance, dg.DagsterRunStatus.FAILURE, dict(request(asked).tags))
    contact.write("a.csv", calls("2026-03-05", "2026-03-06"))
    first = tick(contact, instance, asked.cursor)
    assert dates(request(tick(contact, instance, first.cursor))) == ("2026-03-05", "2026-03-06")


def test_a_file_that_cannot_be_landed_starts_a_run_that_will_say_so(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    contact.refresh()
    contact.write("b.csv", b"\x1f\x8bnot gzip at all")
    asked = request(tick(contact, instance, tick(contact, instance).cursor))
    assert dates(asked) == ("2026-03-05", "2026-03-05")


def test_files_without_a_row_yet_start_a_run_on_the_first_date(contact: Kit, instance: dg.DagsterInstance) -> None:
    contact.write("a.csv", CONTACT_HEADER)
    asked = request(tick(contact, instance, tick(contact, instance).cursor))
    assert dates(asked) == ("2026-03-01", "2026-03-01")


def test_a_date_that_the_checks_refused_is_left_alone_until_its_rows_change(contact: Kit) -> None:
    contact.configure(CONTACT.replace('paths: ["*.csv"]', 'paths: ["*.csv"]\n        critical: false'))
    contact.write("a.csv", calls("2026-03-05"))
    contact.land()
    feed = contact.config.feed(contact.feed)
    days = lake.touched_dates(feed, contact.config, contact.root)
    for candidate in lake.build_candidates(feed, contact.config, contact.root, days):
        lake.hold(candidate, {})
    assert contact.touched() == ["2026-03-05"]
    assert dates_to_build(contact.config, contact.root, NOW) == []
    contact.write("b.csv", CONTACT_HEADER + CALL.format(id="x", day="2026-03-05"))
    assert [str(day) for day in dates_to_build(contact.config, contact.root, NOW)] == ["2026-03-05"]


def test_a_refused_date_of_a_critical_feed_stops_each_run(contact: Kit) -> None:
    contact.write("a.csv", calls("2026-03-05"))
    contact.land()
    feed = contact.config.feed(contact.feed)
    days = lake.touched_dates(feed, contact.config, contact.root)
    for candidate in lake.build_candidates(feed, contact.config, contact.root, days):
        lake.hold(candidate, {})
    assert [str(day) for day in dates_to_build(contact.config, contact.root, NOW)] == ["2026-03-05"]


def test_a_changed_configuration_is_read_and_one_with_other_feeds_is_refused(contact: Kit, log: Kit) -> None:
    contact.configure(CONTACT)
    loaded = site(contact)
    contact.configure(CONTACT + "automation: {settled_after_looks: 5}\n")
    assert as_configured_now(loaded).config.automation.settled_after_looks == 5
    contact.configure(QUEUE_LOG)
    with pytest.raises(InputError, match="reload"):
        as_configured_now(loaded)


# --- schedules -------------------------------------------------------------------------------------------


def test_hourly_runs_where_a_feed_gives_an_hourly_kpi_and_daily_can_be_turned_on(contact: Kit) -> None:
    contact.configure(CONTACT + "automation: {daily_at: '03:30'}\n")
    hourly, daily = schedules(site(contact))
    assert (hourly.name, hourly.default_status) == ("hourly", dg.DefaultScheduleStatus.RUNNING)
    assert (daily.name, daily.default_status) == ("daily", dg.DefaultScheduleStatus.STOPPED)
    assert (daily.cron_schedule, daily.execution_timezone) == ("30 3 * * *", "Asia/Shanghai")


def test_the_schedule_reads_a_log_that_grew_and_its_dates_alone(log: Kit, stored: dg.DagsterInstance) -> None:
    log.write("queue_log.1", LOG)
    today = "1773200000|NONE|NONE|NONE|QUEUESTART|\n"
    log.write("queue_log", today)
    log.refresh()
    log.write("queue_log", today + "1773200060|NONE|NONE|NONE|QUEUESTART|\n")
    hourly, _ = schedules(site(log))
    made = hourly.evaluate_tick(dg.build_schedule_context(instance=stored))
    assert made.run_requests is not None
    assert dates(made.run_requests[0]) == ("2026-03-11", "2026-03-11")


def test_the_schedule_asks_an_api_and_a_database_though_no_feed_has_a_file(
    tmp_path: Path, stored: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    row = {"id": 1, "created": "2026-03-05 10:00:00", "state": "open"}
    with serving(lambda asked: Reply([row])) as api, sqlite3.connect(tmp_path / "crm.db") as crm:
        crm.execute("create table tickets as select 't2' as id, '2026-03-06 10:00:00' as created, 'open' as state")
        for where in (f"http: {{url: '{api.url}/tickets'}}", "database: {url: 'sqlite:crm.db', table: tickets}"):
            kit = Kit(tmp_path, "canonical.ticket").configure(
                CENTRE + f"sources: {{canonical: {{feeds: {{ticket: {{{where}, "
                "mapping: {ticket_id: id, created_at: created, status: state}}}}}\n"
            )
            crm.commit()
            hourly, _ = schedules(site(kit))
            made = hourly.evaluate_tick(dg.build_schedule_context(instance=stored))
            assert made.run_requests, made.skip_message
            assert dates(made.run_requests[0])[0] == "2026-03-05"


def test_without_any_file_the_schedule_says_so(log: Kit, instance: dg.DagsterInstance) -> None:
    hourly, _ = schedules(site(log))
    made = hourly.evaluate_tick(dg.build_schedule_context(instance=instance))
    assert made.skip_message == "no feed has a file yet"


# --- runs ------------------------------------------------------------------------------------------------

HOLD = "import sys; from pathlib import Path; from orchestration.automation.runs import alive\n"
HOLD += "with alive(Path(sys.argv[1]), sys.argv[2]): print('held', flush=True); sys.stdin.read()"


def test_a_run_whose_process_was_killed_is_ended_and_one_that_lives_is_not(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    killed, living = (add_run(instance, dg.DagsterRunStatus.STARTED) for _ in range(2))
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), killed], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdout.readline() == b"held\n"
    moment = datetime.now(UTC).replace(tzinfo=None)
    with alive(tmp_path, living):
        forget_killed_runs(instance, tmp_path, moment)
        assert status_of(instance, killed) == dg.DagsterRunStatus.STARTED
        process.send_signal(signal.SIGKILL)
        process.wait()
        forget_killed_runs(instance, tmp_path, moment + timedelta(days=1))
    assert status_of(instance, killed) == dg.DagsterRunStatus.FAILURE
    assert status_of(instance, living) == dg.DagsterRunStatus.STARTED
    assert list((tmp_path / "dagster/alive").iterdir()) == []


def test_the_sign_of_a_run_that_dagster_ended_itself_goes_too(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    left = tmp_path / "dagster/alive/of-another-time"
    left.parent.mkdir(parents=True)
    left.touch()
    with alive(tmp_path, "now"):
        forget_killed_runs(instance, tmp_path, datetime.now(UTC).replace(tzinfo=None))
        assert [sign.name for sign in left.parent.iterdir()] == ["now"]


def test_a_run_that_only_just_began_is_given_time_to_show_that_it_lives(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    run = add_run(instance, dg.DagsterRunStatus.STARTED)
    moment = datetime.now(UTC).replace(tzinfo=None)
    forget_killed_runs(instance, tmp_path, moment)
    assert status_of(instance, run) == dg.DagsterRunStatus.STARTED
    forget_killed_runs(instance, tmp_path, moment + timedelta(minutes=5))
    assert status_of(instance, run) == dg.DagsterRunStatus.FAILURE
    assert open_run(instance) is None


def test_the_lock_is_one_thread_s_and_others_wait_their_turn(tmp_path: Path) -> None:
    refused: list[str] = []
    order: list[str] = []
    asked = threading.Event()

    def other() -> None:
        try:
            with build_lock(tmp_path):
                order.append("too early")
        except LockedError as error:
            refused.append(error.problem)

        def told(who: str) -> None:
            refused.append(who)
            asked.set()

        with build_lock_in_turn(tmp_path, told):
            order.append("other")

    with build_lock(tmp_path), build_lock(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        assert asked.wait(timeout=30)
        order.append("first")
    thread.join(timeout=30)
    assert order == ["first", "other"]
    assert len(refused) == 2 and all("another build" in text for text in refused)


def days(first: str, last: str) -> dict[str, str]:
    start, end = (datetime.fromisoformat(day).date() for day in (first, last))
    return range_tags(start, end)


def test_old_runs_go_and_the_last_good_one_of_each_date_stays(stored: dg.DagsterInstance) -> None:
    good, bad = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE
    first = add_run(stored, good, days("2026-03-01", "2026-03-03"))
    repeated = add_run(stored, good, days("2026-03-04", "2026-03-04"))
    failed = add_run(stored, bad, days("2026-03-04", "2026-03-04"))
    last = add_run(stored, good, days("2026-03-03", "2026-03-04"))
    broken = add_run(stored, bad, days("2026-03-05", "2026-03-05"))
    working = add_run(stored, dg.DagsterRunStatus.STARTED, days("2026-03-04", "2026-03-04"))
    moment = datetime.now(UTC).replace(tzinfo=None)
    assert retire_runs(stored, 30, moment + timedelta(days=29)) == []
    assert set(retire_runs(stored, 30, moment + timedelta(days=31))) == {repeated, failed}
    kept = {run.run_id for run in stored.get_runs()}
    assert kept == {first, last, broken, working}


def test_a_run_of_some_assets_does_not_stand_for_the_dates(stored: dg.DagsterInstance) -> None:
    whole = add_run(stored, dg.DagsterRunStatus.SUCCESS, days("2026-03-01", "2026-03-01"))
    part = DagsterRun(
        "__ASSET_JOB",
        tags=days("2026-03-01", "2026-03-01"),
        asset_selection=frozenset({dg.AssetKey("a")}),
        status=dg.DagsterRunStatus.SUCCESS,
    )
    stored.add_run(part)
    assert retire_runs(stored, 30, datetime.now(UTC).replace(tzinfo=None) + timedelta(days=31)) == []
    assert {run.run_id for run in stored.get_runs()} == {whole, part.run_id}


def test_a_forgotten_run_leaves_no_file_and_no_check_behind(stored: dg.DagsterInstance) -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("good", asset="thing")])
    def thing() -> Iterator[dg.MaterializeResult[None]]:
        yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    old, new = (dg.materialize([thing], instance=stored).run_id for _ in range(2))
    storage = stored.event_log_storage
    assert isinstance(storage, EventLog)
    stored.delete_run(old)
    files = {path.name for path in Path(storage.path_for_shard(new)).parent.iterdir()}
    assert not any(name.startswith(old) for name in files) and any(name.startswith(new) for name in files)
    table = AssetCheckExecutionsTable
    with storage.index_connection() as index:
        left = {row[0] for row in index.execute(select(table.c.run_id)).fetchall()}
    assert left == {new}


# --- alerts ----------------------------------------------------------------------------------------------


def test_a_failed_check_is_told_once_though_it_is_a_warning(stored: dg.DagsterInstance) -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("good", asset="thing")], config_schema={"fail": dg.Field(bool, False)})
    def thing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        if context.op_execution_context.op_config["fail"]:
            raise dg.Failure("before the check")
        result = dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description="why")
        yield dg.MaterializeResult(check_results=[result])

    sensor = failed_check_sensor()
    definitions = dg.Definitions(assets=[thing], sensors=[sensor])

    def told(cursor: str | None) -> tuple[str, str | None]:
        with dg.build_sensor_context(instance=stored, cursor=cursor, definitions=definitions) as context:
            made = sensor.evaluate_tick(context)
        return made.skip_message or "", made.cursor

    dg.materialize([thing], instance=stored)
    said, cursor = told(None)
    assert said == "listening from now on"
    dg.materialize([thing], instance=stored)
    said, cursor = told(cursor)
    assert said == "1 failed checks among 1 new evaluations"
    said, cursor = told(cursor)
    assert said == "0 failed checks among 0 new evaluations"
    config = {"ops": {"thing": {"config": {"fail": True}}}}
    assert not dg.materialize([thing], instance=stored, run_config=config, raise_on_error=False).success
    assert told(cursor)[0] == "0 failed checks among 0 new evaluations"


def test_a_check_that_is_only_planned_is_no_news(stored: dg.DagsterInstance) -> None:
    heard: list[str | None] = []

    @dg.asset(check_specs=[dg.AssetCheckSpec("good", asset="thing")])
    def thing() -> Iterator[dg.MaterializeResult[None]]:
        sensor = failed_check_sensor()
        definitions = dg.Definitions(assets=[thing], sensors=[sensor])
        with dg.build_sensor_context(instance=stored, cursor="0.0", definitions=definitions) as sensor_context:
            heard.append(sensor.evaluate_tick(sensor_context).skip_message)
        yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    dg.materialize([thing], instance=stored)
    assert heard == ["0 failed checks among 0 new evaluations"]
