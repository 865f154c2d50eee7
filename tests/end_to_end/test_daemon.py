"""`callmart ui` as its operators meet it: a daemon that builds what arrives, waits its turn and says what is wrong.

Here belongs: what only a running daemon shows. Not here: when a run is asked for (tests/orchestration/test_automation).
"""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import InstigatorState, TickData, TickStatus
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from orchestration.assets.context import JOB, Site
from orchestration.automation.triggers import schedules
from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE, load_config
from orchestration.lock import build_lock
from tests.end_to_end.centre import CALLMART, Centre

STEP_FAILURE = dg.DagsterEventType.STEP_FAILURE
Copy = Callable[[], Centre]
PATIENCE_S = 300
CALL = "{begin}|{id}|sales|NONE|ENTERQUEUE||13800000000|1\n{end}|{id}|sales|NONE|ABANDON|1|1|9\n"
NOON = 1772510400  # 2026-03-03 12:00:00 in Shanghai


@pytest.fixture
def centre(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> Centre:
    """A built centre whose sensor looks often."""
    found = copy()
    found.config.write_text(found.config.read_text("utf-8") + "automation: {look_every_s: 5}\n", "utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(found.data / "dagster"))
    monkeypatch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
    return found


@contextmanager
def ui(centre: Centre) -> Iterator[str]:
    """`callmart ui` for a block, and the end of all its processes after it. Gives the address of its GraphQL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = centre.folder / "ui.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [str(CALLMART), "ui", "--config", str(centre.config), "--port", str(port)],
            env=centre.environment(),
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until(lambda: process.poll() is not None or listens(port), "the web server")
        yield f"http://127.0.0.1:{port}/graphql"
        assert process.poll() is None, log.read_text("utf-8")[-3000:]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def until(ask: Callable[[], Any], what: str) -> Any:
    """The first answer that is true, asked for again and again."""
    end = time.monotonic() + PATIENCE_S
    while not (found := ask()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.5)
    return found


def launch(address: str, day: str) -> str:
    """Start the job over one date as the UI's button does; the id of the run."""
    query = """mutation ($run: ExecutionParams!) { launchRun(executionParams: $run) {
        ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
    selector = {"repositoryLocationName": "callmart", "repositoryName": "__repository__", "jobName": JOB}
    tags = [{"key": key, "value": day} for key in (ASSET_PARTITION_RANGE_START_TAG, ASSET_PARTITION_RANGE_END_TAG)]
    run = {"selector": selector, "runConfigData": {}, "mode": "default", "executionMetadata": {"tags": tags}}
    body = json.dumps({"query": query, "variables": {"run": run}}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        said = json.load(answer)
    return str(said["data"]["launchRun"]["run"]["runId"])


def last_run(instance: dg.DagsterInstance) -> dg.DagsterRun | None:
    """The newest run that the sensor asked for."""
    tags = {"dagster/sensor_name": "new_files"}
    return next(iter(instance.get_runs(dg.RunsFilter(tags=tags), limit=1)), None)


def ended(instance: dg.DagsterInstance, run: dg.DagsterRun | str | None) -> dg.DagsterRun | None:
    """A run, once it is over."""
    run_id = run.run_id if isinstance(run, dg.DagsterRun) else run
    found = instance.get_run_by_id(run_id) if run_id else None
    return found if found and found.is_finished else None


def says(instance: dg.DagsterInstance, run_id: str, words: str) -> bool:
    return any(words in event.user_message for event in instance.all_logs(run_id))


def skipped(instance: dg.DagsterInstance, name: str, words: str) -> bool:
    """Whether the last tick of a sensor said so."""
    state = state_of(instance, name)
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1) if state else []
    return any(words in (tick.skip_reason or "") for tick in ticks)


def state_of(instance: dg.DagsterInstance, name: str) -> InstigatorState | None:
    return next((state for state in instance.all_instigator_state() if state.instigator_name == name), None)


def add_old_tick(instance: dg.DagsterInstance, name: str, days: int) -> int:
    """A tick that said nothing, so many days ago; its id."""
    state = state_of(instance, name)
    assert state is not None
    moment = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    tick = instance.create_tick(
        TickData(
            instigator_origin_id=state.instigator_origin_id,
            instigator_name=name,
            instigator_type=state.instigator_type,
            status=TickStatus.SKIPPED,
            timestamp=moment,
            selector_id=state.selector_id,
        )
    )
    return int(tick.tick_id)


def ticks(instance: dg.DagsterInstance, name: str) -> set[int]:
    state = state_of(instance, name)
    assert state is not None
    return {int(tick.tick_id) for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)}


def test_the_daemon_builds_what_arrives_waits_its_turn_and_says_what_is_wrong(centre: Centre) -> None:
    """One daemon, as its start takes most of the time: a late file, a run from the UI while somebody else builds,
    a broken file, old ticks."""
    count = "select count(*) from marts.fct_contact where local_date = '2026-03-03'"
    before, released = centre.rows(count)[0][0], centre.release_id()
    with dg.DagsterInstance.get() as instance, ui(centre) as address:
        until(lambda: skipped(instance, "new_files", "no file has arrived"), "the sensor's first look")
        yesterday, old = add_old_tick(instance, "new_files", 1), add_old_tick(instance, "new_files", 3)

        late = centre.source / "asterisk/queue_log.late"
        late.write_text(CALL.format(id="late.1", begin=NOON, end=NOON + 9))
        with build_lock(centre.data):
            until(lambda: skipped(instance, "new_files", "another build"), "the sensor to meet a foreign build")
        good = until(lambda: ended(instance, last_run(instance)), "the run over the late file")
        assert good.status == dg.DagsterRunStatus.SUCCESS
        assert centre.release_id() != released
        assert centre.rows(count)[0][0] == before + 1
        until(lambda: skipped(instance, "new_files", "no file has arrived"), "the sensor to have nothing to do")
        assert old not in ticks(instance, "new_files") and yesterday in ticks(instance, "new_files")

        hourly, _ = schedules(Site(load_config(centre.config), centre.data))
        said = hourly.evaluate_tick(dg.build_schedule_context(instance=instance))
        assert said.skip_message == "every row of the feeds is in the release"

        released = centre.release_id()
        broken = "no|time\n" * 50 + CALL.format(id="x.1", begin=NOON, end=NOON + 9)
        with build_lock(centre.data):
            pressed = launch(address, "2026-03-03")
            until(lambda: says(instance, pressed, "waits for its turn"), "the UI's run to wait")
            (centre.source / "asterisk/queue_log.broken").write_text(broken)
        refused = until(lambda: ended(instance, pressed), "the UI's run over the broken file")
        assert refused.status == dg.DagsterRunStatus.FAILURE
        until(lambda: skipped(instance, "freshness", "stale: "), "the verdict on data of the past")
    assert centre.release_id() == released
    (failure,) = [event for event in instance.all_logs(pressed) if event.dagster_event_type == STEP_FAILURE]
    assert failure.dagster_event is not None
    told = failure.dagster_event.step_failure_data.user_failure_data
    assert told is not None
    assert "blocking checks hold back the rows of 2026-03-03" in (told.description or "")
    assert "- refused_most: " in (told.description or "") and "sample rows: refused_most" in told.metadata
