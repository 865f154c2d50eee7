"""The `callmart` command: arguments in, exit codes out.

Here belongs: what a person types and reads. Not here: work. Heavy libraries are imported by the
command that needs them.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
import warnings
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from orchestration.errors import CallmartError, InputError, StaleError, storage_error, storing
from orchestration.paths import data_root, published_dir

if TYPE_CHECKING:
    from orchestration.build import BuildResult
    from orchestration.config import Scope

app = typer.Typer(
    name="callmart",
    help="Open call-centre KPI warehouse 呼叫中心指标仓库. Data root: CALLMART_DATA (default ./data).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How values are printed."""

    table = "table"
    json = "json"
    csv = "csv"


class TextFormat(StrEnum):
    """How an explanation is printed."""

    text = "text"
    json = "json"


class Language(StrEnum):
    """The language of a listing, of a template, and of what Metabase shows."""

    zh = "zh"
    en = "en"


class SimulatedCrm(StrEnum):
    """The database of a simulated CRM."""

    sqlite = "sqlite"
    postgresql = "postgresql"


quarantine = typer.Typer(help="Refused rows: hand them out to be corrected, take them back.", no_args_is_help=True)
app.add_typer(quarantine, name="quarantine")
metabase = typer.Typer(help="What people see in Metabase: plan and apply `metabase/`.", no_args_is_help=True)
app.add_typer(metabase, name="metabase")
LanguageOption = Annotated[Language, typer.Option("--lang", help="Language of everything that is made.")]
ScopesOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="The configuration, where it declares scopes (docs/scopes.md).")
]
ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The centre's configuration (YAML).")]


@app.command()
def build(
    config: ConfigOption,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First date to rebuild in any case.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last date to rebuild in any case.")
    ] = None,
    board: Annotated[bool, typer.Option("--board", help="Print the KPI board when done.")] = False,
) -> None:
    """Bring the released KPIs up to date with the files of the configured feeds.

    Exit codes: 0 released or nothing new, 1 stopped by a blocking check (the last release goes on serving), 2 wrong
    configuration, unreadable input or a disk that can't be written, 3 released but a feed is stale, 4 another build is
    running, 70 a defect.
    """
    from orchestration.assets.context import Site
    from orchestration.build import build as run_build
    from orchestration.config import hash_key, load_config

    if first and last and first > last:
        raise InputError("--from lies after --to.", todo="exchange the two dates.")
    loaded = load_config(config)
    hash_key()
    root = data_root()
    _tell(run_build(Site(loaded, root), _day(first), _day(last)), root, board)


@app.command()
def replay(
    config: ConfigOption,
    feed: Annotated[str, typer.Option("--feed", help="Feed, e.g. asterisk.queue_log.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First date.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last date.")],
) -> None:
    """Rebuild a feed's dates from landing and its repairs, without asking any file, database or interface.

    Exit codes as of `build`.
    """
    from orchestration.assets.context import Site
    from orchestration.build import replay as run_replay
    from orchestration.config import hash_key, load_config

    if first > last:
        raise InputError("--from lies after --to.", todo="exchange the two dates.")
    loaded = load_config(config)
    hash_key()
    root = data_root()
    _tell(run_replay(Site(loaded, root), feed, first.date(), last.date()), root)


@quarantine.command("export")
def quarantine_export(
    config: ConfigOption,
    feed: Annotated[str, typer.Option("--feed", help="Feed, e.g. asterisk.queue_log.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; by default one in the feed's quarantine folder.")
    ] = None,
) -> None:
    """Hand out a feed's refused rows with line, rule and reason, to be corrected. The file holds personal data."""
    from orchestration.config import hash_key, load_config
    from orchestration.lock import build_lock
    from orchestration.quarantine import export_refused

    loaded = load_config(config)
    hash_key()
    root = data_root()
    with build_lock(root):
        file, rows = export_refused(loaded.feed(feed), loaded, root, out)
    print(f"{rows} refused rows: {file}\nCorrect the values in `record`, then: callmart quarantine repair {file}")


@quarantine.command("repair")
def quarantine_repair(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The export, corrected.")],
    config: ConfigOption,
) -> None:
    """Take corrected rows back. They count in the place of the refused ones from the next build on."""
    from orchestration.assets.context import now
    from orchestration.config import hash_key, load_config
    from orchestration.lock import build_lock
    from orchestration.quarantine import land_repair

    loaded = load_config(config)
    hash_key()
    root = data_root()
    with build_lock(root):
        answers = land_repair(file, loaded, root, now())
    for answer in answers:
        what = f"repair {answer.repair_id}: {answer.rows} rows" if answer.repair_id else "nothing was changed"
        print(f"{answer.feed}: {what}; {answer.unchanged} left as they were, {answer.void} refused no more")
    print("`callmart build` brings them into the release.")


@app.command()
def forget(
    config: ConfigOption,
    customer: Annotated[
        str | None,
        typer.Argument(
            metavar="[CUSTOMER]", help="Number, customer id or hash; asked for, or read from a pipe, when left out."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an erasure that was interrupted.")] = False,
) -> None:
    """Erase a customer from every zone and every release. What is counted stays counted, of nobody.

    Exit codes: 0 erased, 1 something is left (the message says what), 2 wrong input, 4 a build is running.
    """
    from orchestration.assets.context import Site
    from orchestration.config import hash_key, load_config
    from orchestration.erasure import forget as run_forget

    loaded = load_config(config)
    hash_key()
    if customer is None and not resume:
        customer = typer.prompt("customer", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    report = run_forget(Site(loaded, data_root()), None if resume and not customer else customer)
    print(
        f"identifiers erased      {report.identifiers}\n"
        f"landing                 {report.landing_records} records in {report.landing_objects} objects\n"
        f"lake                    {report.lake_rows} rows\n"
        f"warehouse               {report.warehouse_rows} rows that only a full build took away\n"
        f"former releases         {report.releases} removed\n"
        f"documents and logs      {report.files_cleaned} files\n"
        f"history of runs         {report.history_rows} rows\n"
        "a search through every file found nothing more."
    )


def _tell(result: BuildResult, root: Path, board: bool = False) -> None:
    """Say how a build ended, and end with its exit code."""
    if result.exit_code not in (0, StaleError.exit_code):
        full = storage_error("\n".join(result.messages), root)  # a step of the run met a full disk in its own words
        if full is not None:
            raise full
    console = Console(stderr=True)
    for message in result.messages:
        console.print(message, markup=False, highlight=False, soft_wrap=True)
    served = published_dir(root)
    if result.exit_code in (0, 3):
        what = "released" if result.is_new else "nothing new; still serving"
        console.print(f"{what} {result.release_id}", style="bold green", highlight=False)
        if board:
            show_board()
        console.print(_where_next(root), markup=False, highlight=False, soft_wrap=True)
    else:
        console.print("nothing was released; the last good release goes on serving.", style="bold red")
        console.print(f"Data Docs: {root / 'docs'}; log: {root / 'docs' / 'build.log'}", highlight=False)
        if not (served / "current").exists():
            console.print("there is no earlier release yet.", highlight=False)
    raise typer.Exit(result.exit_code)


@app.command()
def init(
    export: Annotated[Path, typer.Argument(help="A flat export of calls: CSV, JSON lines or workbook (.gz, .zip).")],
    out: Annotated[Path, typer.Option("--out", help="Where the configuration goes.")] = Path("callmart.yaml"),
    timezone: Annotated[str, typer.Option("--timezone", help="Zone of times without an offset.")] = "Asia/Shanghai",
    site: Annotated[str, typer.Option("--site", help="Id of the site.")] = "main",
    day_first: Annotated[bool, typer.Option("--day-first", help="03/04 is in April.")] = False,
    month_first: Annotated[bool, typer.Option("--month-first", help="03/04 is in March.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Look at an export and write a configuration that builds it, as far as its headers and figures prove one.

    Exit codes: 0 written and tried, 2 the export can't be read, or something of the written file is still open.
    """
    from orchestration.init.initialise import initialise
    from orchestration.init.report import report

    if day_first and month_first:
        raise InputError("--day-first and --month-first exclude each other.", todo="leave out one of them.")
    done = initialise(
        export, out, timezone, site, "day_first" if day_first else "month_first" if month_first else "", force
    )
    width = None if sys.stdout.isatty() else 120
    Console(width=width, highlight=False).print(report(done))
    if done.open_lines:
        raise InputError(
            f"still to be decided: {', '.join(line.target for line in done.open_lines)}.",
            file=out,
            rule="open",
            todo="decide in the file, or run init again with --day-first or --month-first where the order is open.",
        )


def _list_defects(names: list[str] | None) -> list[str] | None:
    """`--defect list` ends the command with all of them."""
    if names and "list" in names:
        from simulator.defect_kinds import DEFECTS

        for name, kind in DEFECTS.items():
            print(f"{name:<22} {kind.says} ({', '.join(kind.feeds)})")
        raise typer.Exit
    return names


@app.command()
def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files; made when missing.")],
    days: Annotated[int, typer.Option("--days", help="Local dates to simulate.")] = 35,
    agents: Annotated[int, typer.Option("--agents", help="Agents of the centre; calls grow with them.")] = 60,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same bytes.")] = 1,
    start: Annotated[datetime, typer.Option("--start", formats=["%Y-%m-%d"], help="First local date.")] = datetime(
        2026, 3, 2
    ),
    fast_calls: Annotated[
        int | None,
        typer.Option("--fast", help="So many calls that stand alone, for benchmarks: one Parquet file a day.", min=1),
    ] = None,
    is_telephone_only: Annotated[
        bool, typer.Option("--telephone-only", help="Asterisk's logs alone, without the systems around them.")
    ] = False,
    crm: Annotated[
        SimulatedCrm,
        typer.Option(
            "--crm",
            help="Where the CRM is: a SQLite file, or the database whose postgresql:// url "
            "CALLMART_SIMULATED_CRM holds.",
        ),
    ] = SimulatedCrm.sqlite,
    defects: Annotated[
        list[str] | None,
        typer.Option(
            "--defect",
            metavar="NAME",
            help="A defect of files, records or clocks, told with its rows in truth.json (can be repeated); `--defect "
            "list` says which there are.",
            callback=_list_defects,
            is_eager=True,
        ),
    ] = None,
    scenarios: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            metavar="CASE=SWITCH",
            help="A worked case of docs/scenarios.md (can be repeated): S4-1=before, S4-1=after, or S4-1=YYYY-MM-DD "
            "for both around that date.",
        ),
    ] = None,
    shop_days: Annotated[
        int,
        typer.Option(
            "--shop-days", help="Local dates after them on which customers buy and the centre is closed.", min=0
        ),
    ] = 0,
    processes: Annotated[
        int, typer.Option("--processes", help="2: one writes and counts what the other simulates.", min=1, max=2)
    ] = 2,
) -> None:
    """Write a made-up centre: the files, databases and API answers of its systems, a configuration for them, and
    truth.json with its true KPIs. What its APIs answer is served by `python -m simulator.serve OUT -- COMMAND`."""
    from orchestration.progress import step
    from simulator import SimulatorError
    from simulator import simulate as run_simulation
    from simulator.company import Company

    if fast_calls is not None:
        from simulator.fast import simulate_fast

        try:
            with storing(out), step("simulate") as progress:
                fast = simulate_fast(out, fast_calls, days, agents, seed, start.date())
                progress.rows, progress.note = fast.calls, f"{fast.files} files"
        except SimulatorError as error:
            raise InputError(str(error)) from error
        print(f"configuration: {fast.config}\ntruth:         {fast.truth}")
        return
    try:
        with storing(out), step("simulate") as progress:
            company = None if is_telephone_only else Company
            made = run_simulation(
                out, days, agents, seed, start.date(),
                crm=crm.value, defects=defects or (), scenarios=scenarios or (), company=company, processes=processes,
                shop_days=shop_days,
            )  # fmt: skip
            progress.rows = made.queue_log_lines + made.cdr_rows + made.records
            progress.note = f"{made.contacts:,} contacts, {made.first_date} to {made.last_date}"
    except SimulatorError as error:
        raise InputError(str(error)) from error
    print(f"configuration: {made.config}\ntruth:         {made.truth}")


@app.command()
def kpi(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="KPI ids, e.g. M021.")] = None,
    by: Annotated[str, typer.Option("--by", help="Dimension: queue, channel, agent, region, hour_of_day …")] = "all",
    grain: Annotated[str, typer.Option("--grain", help="hour, day, week, month, quarter, year …")] = "day",
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
    since: Annotated[datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="First period.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last period.")] = None,
) -> None:
    """Values from the current release: the last period, or those between --since and --until."""
    from orchestration.kpi import kpi_values

    print(kpi_values(data_root(), ids or [], by, grain, output.value, _day(since), _day(until)))


@app.command()
def explain(
    kpi_id: Annotated[str, typer.Argument(metavar="ID", help="KPI id, e.g. M021.")],
    output: Annotated[TextFormat, typer.Option("--format", help="How to print.")] = TextFormat.text,
) -> None:
    """Definition in both languages, formula, variants side by side, targets, feeds and the SQL behind a KPI."""
    from orchestration.explain import explain as run_explain

    print(run_explain(data_root(), kpi_id, output.value))


@app.command()
def actions(
    state: Annotated[
        str | None, typer.Option("--state", help="overdue, to_review, open, measuring, missed, reached, all.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
    lang: Annotated[Language, typer.Option("--lang", help="zh or en.")] = Language.zh,
    template: Annotated[
        Path | None,
        typer.Option("--template", help="Write an empty register and how it is read into this folder, and no more."),
    ] = None,
) -> None:
    """Improvement actions that are due, overdue or to be reviewed, and what they changed; or a register to begin."""
    if template is not None:
        from orchestration.action_register import write_template

        register, fragment = write_template(template, lang.value)
        print(f"{register}\n{fragment}: put `action` under sources.canonical.feeds of callmart.yaml.")
        return
    from orchestration.actions import list_actions

    print(list_actions(data_root(), state, output.value, lang.value))


@app.command()
def coverage(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Ids or how they begin: M021, M02, D; all by default.")
    ] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="done, measured only, not yet, or outside; all by default.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """What there is of each id of the requirement list, why, where it shows, and whether this centre's feeds give it.

    Exit codes: 0 printed, 2 no id begins like that, or no such status.
    """
    from orchestration.coverage.report import coverage_report

    print(coverage_report(data_root(), ids or [], status, output.value), end="")


@app.command()
def board(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[R13|R15|all]", help="R13: four dimensions; R15: core targets; all: these and all KPIs."
        ),
    ] = "all",
) -> None:
    """Print the boards of the current release."""
    show_board(name)


@metabase.command("plan")
def metabase_plan(config: ScopesOption = None, lang: LanguageOption = Language.zh) -> None:
    """Show what apply would change in the Metabase at CALLMART_METABASE_URL; nothing is written."""
    from orchestration.metabase_command import plan

    print(plan(data_root(), lang.value, _scopes(config)), end="")


@metabase.command("apply")
def metabase_apply(
    config: ScopesOption = None,
    lang: LanguageOption = Language.zh,
    site_language: Annotated[
        bool, typer.Option("--site-language", help="Set the language of Metabase's own pages, too.")
    ] = False,
) -> None:
    """Make collections, KPIs, questions, dashboards and metadata in Metabase what `metabase/` says.

    What people made or changed themselves is left alone, and nothing is deleted. Exit codes: 0 done or nothing to do, 1
    Metabase refused some of it, 2 no release, no key, or Metabase does not answer: apply again goes on.
    """
    from orchestration.metabase_command import apply

    print(apply(data_root(), lang.value, _scopes(config), is_site_language=site_language), end="")


def _scopes(config: Path | None) -> dict[str, Scope] | None:
    from orchestration.config import load_config

    return None if config is None else load_config(config).scopes


@metabase.command("setup")
def metabase_setup(lang: LanguageOption = Language.zh) -> None:
    """Set up a new Metabase with the administrator CALLMART_METABASE_EMAIL and print an API key, shown only once."""
    from orchestration.metabase_command import setup

    print(setup(lang.value))


@app.command()
def ui(
    config: ConfigOption,
    port: Annotated[int, typer.Option("--port", help="Port on localhost.")] = 3000,
) -> None:
    """Open the Dagster UI of a centre on localhost, with its schedules and sensors at work. Ctrl-C ends it."""
    from orchestration.build import dagster_environment
    from orchestration.config import hash_key, load_config
    from orchestration.extract.reference import ensure_zero_partitions

    load_config(config)
    hash_key()
    root = data_root()
    ensure_zero_partitions(root)
    os.environ |= {
        "CALLMART_CONFIG": str(config.absolute()),
        "CALLMART_DATA": str(root),
    } | dagster_environment(root)
    print(f"Dagster UI: http://localhost:{port} (job callmart; runs of `callmart build` are shown too)", flush=True)
    workspace = str(Path(__file__).with_name("workspace.yaml"))
    os.execv(
        sys.executable,
        [sys.executable, "-m", "dagster", "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)],
    )


def show_board(name: str = "all") -> None:
    """The board on standard output, or one of its boards."""
    from orchestration.board.data import read_board
    from orchestration.board.reports import check_report
    from orchestration.board.terminal import terminal_board

    report_id = check_report(name)
    found = read_board(data_root())
    if report_id not in ("all", *(report.report_id for report in found.reports)):
        raise InputError(f"the current release has no board {report_id}.", todo="`callmart build` makes one that has.")
    width = None if sys.stdout.isatty() else 120
    Console(width=width).print(terminal_board(found, report_id=report_id))


def main() -> None:
    """Entry point: foreseeable mistakes end with a sentence and their exit code, never with a traceback; a defect ends
    with one and 70."""
    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    # Dagster warns of each parameter that may still change; the lock file pins its version.
    warnings.filterwarnings("ignore", module="dagster")
    root = Path(os.environ.get("CALLMART_DATA") or "data").absolute()
    try:
        with storing(root):
            app()
    except CallmartError as error:
        if error.exit_code == CallmartError.exit_code:  # no defect when it comes of a full disk
            error = storage_error(str(error), root) or error
        Console(stderr=True).print(f"{error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except Exception:  # nobody foresaw it: without a code of its own it would pass for a blocking check
        traceback.print_exc()
        print("This is a defect of callmart; please report it with the lines above.", file=sys.stderr)
        sys.exit(CallmartError.exit_code)
    finally:
        gc.freeze()  # the process ends now: a last search of half a million objects for garbage takes seconds


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _where_next(root: Path) -> str:
    served = published_dir(root)
    return "\n".join(
        [
            "Where to look next:",
            f"  KPI board       {served / 'board.html'}",
            f"  SQL, BI tools   {served / 'callmart.duckdb'} (schema marts)",
            "  questions       docs/sql_guide.md, docs/connect.md, docs/kpis.md",
            f"  Data Docs       {root / 'docs'}",
            "  Dagster UI      make ui",
            "  one KPI         .venv/bin/callmart explain M021",
        ]
    )


if __name__ == "__main__":
    main()
