"""All forms of a centre: each record goes where its feed belongs, and the configuration says where that is.

Belongs here: which system has which feed, in which folder. Does not belong here: how a system writes.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol

from simulator.defect_kinds import DefectDays, date_text
from simulator.forms import monitoring
from simulator.forms.crm import crm_tables
from simulator.forms.database import Database, copy_to_postgresql
from simulator.forms.defects import Defects
from simulator.forms.exports import EXPORTS
from simulator.forms.files import FileForm, Files
from simulator.forms.helpdesk import helpdesk_resources
from simulator.forms.quality import quality_sheets
from simulator.forms.shapes import Shape
from simulator.forms.surveys import survey_files
from simulator.forms.workbooks import Workbooks
from simulator.local_time import number_of
from simulator.records import Record

Crm = Literal["sqlite", "postgresql"]
CRM_FILE = "crm.sqlite"
CRM_URL_VARIABLE = "CALLMART_SIMULATED_CRM"
API_URL_VARIABLE = "CALLMART_SIMULATED_API"
API_TOKEN_VARIABLE = "CALLMART_SIMULATED_TOKEN"
API_FOLDER = "api"
METRICS = "metrics"
_FOLDERS = (API_FOLDER, "surveys", "quality", *sorted({export.folder for export in EXPORTS.values()} - {"quality"}))
_PAGE = 1000


class _Writer(Protocol):
    def put(self, record: Record) -> None: ...
    def close(self) -> None: ...


def clear(out: Path) -> None:
    """Remove what an earlier simulation wrote in these forms."""
    (out / CRM_FILE).unlink(missing_ok=True)
    for name in _FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)


class Forms:
    """Writes the records of `days` local dates from `first_date` below `out`, keeping no more than a day of them, of
    the few records of monthly files a month.

    `crm_url` is a PostgreSQL database that the CRM's tables are put into besides the file; `wanted_defects` are names
    of `simulator.defect_kinds.DEFECTS`. Raises SettingError for a defect that there is none of.
    """

    def __init__(
        self, out: Path, first_date: date, days: int, crm_url: str | None = None, wanted_defects: Iterable[str] = ()
    ) -> None:
        self._out, self._first_date, self._crm_url = out, first_date, crm_url
        self.defects = Defects(out, set(wanted_defects), date_text(DefectDays(number_of(first_date), days).spoilt))
        self.rows: Counter[str] = Counter()
        self._crm = Database(out / CRM_FILE, crm_tables())
        self._quality = Workbooks(quality_sheets(), out / "quality", "evaluations")
        self._files = dict(self._all_files())
        writers: dict[str, _Writer] = dict(self._files)
        writers |= {shape.feed: self._crm for shape in self._crm.tables.values()}
        writers |= {shape.feed: self._quality for shape in self._quality.sheets.values()}
        self._writers = writers
        self._put: dict[str, Callable[[Record], None]] = {feed: writer.put for feed, writer in writers.items()}

    def put(self, record: Record) -> None:
        """Write a record; they come in the order of their time. Raises KeyError for a feed or column that there is none
        of."""
        self._put[record.feed](record)
        self.rows[record.feed] += 1

    def close(self) -> None:
        """Write what is left. Raises what a PostgreSQL database that does not answer raises."""
        for writer in dict.fromkeys(self._writers.values()):
            writer.close()
        if self._crm_url is not None and self._crm.path.exists():
            copy_to_postgresql(self._crm.path, self._crm.tables, self._crm_url)

    def feeds(self) -> dict[str, dict[str, Any]]:
        """The feeds that had records, as callmart.yaml has them below `sources.canonical.feeds`."""
        settings = dict(self._settings())
        return {feed.partition(".")[2]: settings[feed] for feed in sorted(self.rows)}

    def _all_files(self) -> Iterator[tuple[str, Files]]:
        def files(shape: Shape, form: FileForm) -> tuple[str, Files]:
            return shape.feed, Files(shape, form, self.defects)

        out = self._out
        for name, shape in helpdesk_resources().items():
            yield files(shape, FileForm(out / API_FOLDER / name, "changes", "jsonl.gz"))
        yield files(monitoring.stored(), FileForm(out / API_FOLDER / METRICS, "minutes", "jsonl.gz"))
        for name, shape in survey_files().items():
            yield files(shape, FileForm(out / "surveys", name, "csv", encoding="gb18030"))
        for feed, export in EXPORTS.items():
            yield files(export.shape(feed), FileForm(out / export.folder, export.beginning, export.kind, export.period))

    def _settings(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for feed, files in self._files.items():
            yield feed, self._of_files(files)
        for name, shape in helpdesk_resources().items():
            yield shape.feed, self._of_api(name, self._files[shape.feed].shape)
        url = f"${{{API_URL_VARIABLE}}}/prometheus"
        yield monitoring.FEED, monitoring.feed_settings(url, str(self._first_date))
        for name, shape in self._crm.tables.items():
            yield shape.feed, self._of_table(name, shape)
        for title, shape in self._quality.sheets.items():
            yield (
                shape.feed,
                {
                    "paths": [f"quality/{self._quality.pattern}"],
                    "critical": False,
                    "format": {"sheet": title},
                    "mapping": shape.mapping(),
                },
            )

    def _of_files(self, files: Files) -> dict[str, Any]:
        form = files.form
        path = f"{form.folder.relative_to(self._out).as_posix()}/{form.beginning}-*.{form.kind}"
        encoding = {} if form.encoding == "utf-8" else {"encoding": form.encoding}
        return {"paths": [path], "critical": False} | encoding | {"mapping": files.shape.mapping()}

    def _of_table(self, name: str, shape: Shape) -> dict[str, Any]:
        mapping = shape.mapping()
        named = [cell.name for cell in shape.cells if cell.column in mapping]
        url = f"sqlite:{CRM_FILE}" if self._crm_url is None else f"${{{CRM_URL_VARIABLE}}}"
        return {
            "database": {"url": url, "table": name, "columns": named},
            "critical": False,
            "mapping": mapping,
        }

    def _of_api(self, name: str, shape: Shape) -> dict[str, Any]:
        return {
            "http": {
                "url": f"${{{API_URL_VARIABLE}}}/helpdesk/v1/{name}/changes",
                "query": {"since": "{from}", "after": "{cursor}", "limit": str(_PAGE)},
                "records": f"data.{name}",
                "paging": {"kind": "cursor", "token": "data.next", "more": "data.has_more", "keep": True},
                "window": {"start": str(self._first_date), "timezone": "Asia/Shanghai", "format": "iso"},
                "auth": {"kind": "bearer", "token": f"${{{API_TOKEN_VARIABLE}}}"},
            },
            "critical": False,
            "mapping": shape.mapping(),
        }
