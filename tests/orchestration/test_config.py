"""Claims about reading the configuration: what is accepted, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.config import DEMO_HASH_KEY, HASH_KEY_VARIABLE, Config, hash_key, parse_config
from orchestration.errors import (
    AccountingError,
    BlockedError,
    CallmartError,
    InputError,
    LockedError,
    StaleError,
)
from orchestration.extract import adapters
from orchestration.extract.adapters.asterisk_queue_log import QueueLog
from tests.orchestration.extract_kit import CDR, CENTRE, CONTACT, QUEUE_LOG

FILE = Path("callmart.yaml")
COLUMNS = "        columns: [id, start, outcome, phone, talk, updated]\n"


def parse(text: str) -> Config:
    return parse_config(text, FILE)


def fails(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse(text)
    return caught.value


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_exit_codes_are_those_of_the_architecture() -> None:
    codes = [kind.exit_code for kind in (BlockedError, InputError, StaleError, LockedError, CallmartError)]
    assert codes == [1, 2, 3, 4, 70]
    assert AccountingError("x").exit_code == 70


def test_defaults_are_those_of_the_spec() -> None:
    config = parse(QUEUE_LOG)
    feed = config.feed("asterisk.queue_log")
    assert (config.centre.sl_target_s, config.centre.short_abandon_s, config.retention.releases) == (20, 5, 10)
    assert (feed.critical, feed.required, feed.tolerance_s, feed.zone) == (True, True, 2, "Asia/Shanghai")


def test_values_that_yaml_would_turn_into_something_else_stay_what_was_written() -> None:
    text = QUEUE_LOG.replace(
        "agents:\n",
        "queues: [{queue_id: NO, name: {zh: 否, en: No}}]\nagents:\n  - {agent_id: 0101, names: [1e3, 0x10]}\n",
    ).replace("  first_date", "  shift_day_start: 08:30\n  first_date")
    config = parse(text)
    assert config.queues[0].queue_id == "NO"
    assert (config.agents[0].agent_id, config.agents[0].names) == ("0101", ("1e3", "0x10"))
    assert config.centre.shift_day_start_s == 8 * 3600 + 1800


def test_unknown_key_is_refused_with_line_and_nearest_key() -> None:
    text = QUEUE_LOG.replace("  timezone:", "  timezon:")
    error = fails(text)
    assert error.exit_code == 2
    assert (error.file, error.line, error.column) == ("callmart.yaml", line_of(text, "timezon:"), "centre.timezon")
    assert "did you mean timezone?" in str(error)


def test_unknown_key_deep_inside_a_list_names_its_own_line() -> None:
    text = QUEUE_LOG.replace("agents:", "queues:\n  - queue_id: a\n    sl_targets: 5\nagents:")
    error = fails(text)
    assert (error.line, error.column) == (line_of(text, "sl_targets"), "queues.0.sl_targets")
    assert "sl_target_s" in str(error)


def test_all_problems_are_told_at_once() -> None:
    text = QUEUE_LOG.replace("site_id", "site").replace("2026-03-01", "soon")
    message = str(fails(text))
    assert "centre.site" in message and "centre.first_date" in message and "'soon'" in message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Asia/Shanghai", "Asia/Shangai", "did you mean Asia/Shanghai?"),
        ("queue_log: {", "queuelog: {", "did you mean asterisk.queue_log?"),
        ("paths: [\"queue_log*\"]", "paths: [a], encoding: utf-9", "unknown encoding; did you mean utf-8?"),
        ("paths: [\"queue_log*\"]", "paths: [a], mapping: {a: b}", "takes no mapping"),
        ("paths: [\"queue_log*\"]", "paths: []", "needs either paths or a database or http"),
        ("voice_400", "voice_4000", "did you mean voice_400?"),
        ("  first_date", "  sl_target_rate: 80\n  first_date", "less than or equal to 1"),
        ("names: [PJSIP/1001]}", "names: [PJSIP/1001]}\n  - {agent_id: b, names: [PJSIP/1001]}", "names agents"),
        ("agents:", "queues: [{queue_id: a}, {queue_id: a, sl_target_s: 9}]\nagents:", "two settings on one day"),
        ("agents:", "official: [{kpi_id: M021}, {kpi_id: M021}]\nagents:", "two official variants"),
        ("  name: {zh: 测试, en: Test}\n", "", "centre.name: this key is missing"),
    ],
)  # fmt: skip
def test_mistake_is_told_in_words(old: str, new: str, words: str) -> None:
    assert old in QUEUE_LOG
    assert words in str(fails(QUEUE_LOG.replace(old, new)))


def test_a_feed_that_has_a_contract_and_no_adapter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "adapters", lambda: {"asterisk.queue_log": QueueLog()})
    error = fails(CONTACT)
    assert error.exit_code == 2 and error.line == line_of(CONTACT, "contact:")
    assert "feed canonical.contact has a contract, but callmart can't read it yet" in str(error)
    assert "known feeds are: asterisk.queue_log" in str(error)


def test_reference_feeds_are_not_read_from_files() -> None:
    text = QUEUE_LOG.replace("  asterisk:\n    feeds:\n      queue_log:", "  centre:\n    feeds:\n      queue:")
    assert "feed centre.queue is unknown" in str(fails(text))


def test_periods_that_follow_each_other_do_not_overlap() -> None:
    queues = "queues:\n  - {queue_id: a, valid_to: 2026-04-01}\n  - {queue_id: a, valid_from: 2026-04-01}\n"
    assert len(parse(QUEUE_LOG.replace("agents:", queues + "agents:")).queues) == 2


def test_key_given_twice_is_refused() -> None:
    error = fails(QUEUE_LOG.replace("  site_id: test", "  site_id: test\n  site_id: other"))
    assert (error.line, error.column) == (3, "centre.site_id")
    assert "first in line 2" in str(error)


def test_a_character_that_yaml_cannot_hold_is_no_traceback() -> None:
    with pytest.raises(InputError, match="this is not YAML") as caught:
        parse_config("centre: \x1b", Path("callmart.yaml"))
    assert caught.value.rule == "yaml"


def test_text_that_is_not_yaml_names_the_line() -> None:
    error = fails(QUEUE_LOG.replace("  timezone: Asia/Shanghai", "  timezone: [Asia/Shanghai"))
    assert error.rule == "yaml" and error.line is not None


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "text"])
def test_file_without_a_mapping_is_refused(text: str) -> None:
    assert "empty or not a mapping" in str(fails(text))


def test_broken_expression_names_column_expression_and_the_message_of_duckdb() -> None:
    text = CONTACT.replace("contact_id: id", "contact_id: trim(id")
    error = fails(text)
    assert (error.line, error.column) == (
        line_of(text, "contact_id: trim(id"),
        "sources.canonical.feeds.contact.mapping.contact_id",
    )
    assert "'trim(id'" in str(error) and "syntax error" in str(error)


def test_expression_is_bound_to_the_declared_columns() -> None:
    error = fails(
        CONTACT.replace("contact_id: id", "contact_id: ident").replace("        mapping:", COLUMNS + "        mapping:")
    )
    assert 'Referenced column "ident" not found' in str(error)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("now()", "depends on more than the row"),
        ("current_date", "depends on more than the row"),
        ("random()", "depends on more than the row"),
        ("getvariable('hash_inner')", "depends on more than the row"),
        ("getenv('HOME')", "depends on more than the row"),
        ("(select 1)", "subquery"),
        ("max(id)", "aggregate"),
        ("row_number() over ()", "window"),
        ("id) from (select 1 as id", "more than one expression"),
        ("id), (start", "more than one expression"),
    ],
)
def test_expression_that_is_no_function_of_the_row_is_refused(sql: str, words: str) -> None:
    assert words in str(fails(CONTACT.replace("contact_id: id", f'contact_id: "{sql}"')))


def test_expression_of_a_wrong_type_is_refused_with_a_hint() -> None:
    text = CONTACT.replace("started_at: start", "started_at: cast(start as bigint)")
    message = str(fails(text.replace("        mapping:", COLUMNS + "        mapping:")))
    assert "gives BIGINT, TIMESTAMP is needed" in message and "to_timestamp" in message


def test_mapping_of_a_filled_column_names_the_input_to_map() -> None:
    assert "map caller_number instead" in str(fails(CONTACT.replace("caller_number:", "caller_hash:")))


def test_required_column_without_mapping_is_refused() -> None:
    error = fails(CONTACT.replace("          outcome: outcome\n", ""))
    assert "mapping.outcome" in str(error) and "required but not mapped" in str(error)


def test_cdr_columns_are_checked_by_name() -> None:
    error = fails(CDR.replace('["Master.csv*"]', "[a], options: {columns: [src, dst, strat, disposition]}"))
    assert "did you mean start?" in str(error)


@pytest.mark.parametrize("option", ["direction", "campaign"])
def test_an_expression_over_a_call_record_is_bound_to_its_columns(option: str) -> None:
    error = fails(
        CDR.replace('["Master.csv*"]', f"[a], options: {{{option}: \"case when contxt = 'a' then 'inbound' end\"}}")
    )
    assert f"options.{option}" in str(error) and "contxt" in str(error)


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ("automation: {look_every_s: 1}", "automation.look_every_s"),
        ("automation: {settled_after_looks: 1}", "automation.settled_after_looks"),
        ("automation: {daily_at: '24:00'}", "automation.daily_at"),
        ("automation: {dayly_at: '02:00'}", "did you mean daily_at"),
        ("retention: {runs_days: 0}", "retention.runs_days"),
    ],
)
def test_a_wrong_setting_of_the_daemon_is_told_with_its_line(wrong: str, key: str) -> None:
    error = fails(f"{CONTACT}{wrong}\n")
    assert error.line == len(CONTACT.splitlines()) + 1
    assert key in str(error)


def test_fingerprint_follows_what_affects_data_only() -> None:
    plain = parse(CONTACT).fingerprint
    assert parse(CONTACT.replace('"*.csv"', '"other/*.csv"') + "retention: {releases: 3}\n").fingerprint == plain
    promised = CONTACT.replace('["*.csv"]', '["*.csv"]\n        freshness: {expected_within_h: 3}')
    assert parse(promised + "automation: {look_every_s: 60}\n").fingerprint == plain
    assert parse("# a comment\n" + CONTACT).fingerprint == plain
    assert parse(CONTACT.replace("contact_id: id", "contact_id: trim(id)")).fingerprint != plain
    assert parse(CONTACT.replace("  first_date", "  sl_target_s: 30\n  first_date")).fingerprint != plain


def test_unset_variable_in_a_path_is_an_error_unless_it_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLMART_TEST_DIR", raising=False)
    feed = parse(QUEUE_LOG.replace("queue_log*", "${CALLMART_TEST_DIR}/q")).feed("asterisk.queue_log")
    with pytest.raises(InputError, match="CALLMART_TEST_DIR, which is not set"):
        feed.patterns()
    feed = parse(QUEUE_LOG.replace("queue_log*", "${CALLMART_TEST_DIR:-logs}/q")).feed("asterisk.queue_log")
    assert feed.patterns() == [str(FILE.absolute().parent / "logs/q")]
    monkeypatch.setenv("CALLMART_TEST_DIR", "/elsewhere")
    assert feed.patterns() == ["/elsewhere/q"]


def test_hash_key_is_needed_and_must_be_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HASH_KEY_VARIABLE, raising=False)
    with pytest.raises(InputError, match="is not set"):
        hash_key()
    monkeypatch.setenv(HASH_KEY_VARIABLE, "short")
    with pytest.raises(InputError, match="fewer than 16"):
        hash_key()
    monkeypatch.setenv(HASH_KEY_VARIABLE, DEMO_HASH_KEY)
    assert hash_key() == DEMO_HASH_KEY


def test_unreadable_configuration_is_an_input_error(tmp_path: Path) -> None:
    from orchestration.config import load_config

    with pytest.raises(InputError, match="can't be read"):
        load_config(tmp_path / "missing.yaml")
    (tmp_path / "gbk.yaml").write_bytes("centre:\n  name: 示例".encode("gb18030"))
    with pytest.raises(InputError) as caught:
        load_config(tmp_path / "gbk.yaml")
    assert caught.value.line == 2 and "UTF-8" in str(caught.value)


def test_feed_that_is_not_configured_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"did you mean asterisk.queue_log\?"):
        parse(QUEUE_LOG).feed("asterisk.queuelog")


def test_centre_alone_is_not_enough() -> None:
    assert "sources: this key is missing" in str(fails(CENTRE))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ('delimiter: "1"', "must be signs"),
        ('delimiter: "n"', "must be signs"),
        ('delimiter: "é"', "must be signs"),
        ('delimiter: "\\n"', "must be signs"),
        ('quote: "0"', "must be signs"),
        ('quote: "“"', "must be ASCII"),
        ('delimiter: "|", quote: "|"', "another than"),
    ],
)
def test_a_dialect_that_could_be_mistaken_for_text_is_refused(form: str, words: str) -> None:
    assert words in str(fails(CONTACT.replace("        mapping:", f"        format: {{{form}}}\n        mapping:")))
