"""From the text of `callmart.yaml` to its models, and the words that tell where it is wrong.

Here belongs: YAML whose values stay text until a model types them, so that `0101` stays an id and `08:00` a time, and
the line of each key. Not here: what may be written (models.py, checks.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from orchestration.config.checks import Location, Problem, problems_of
from orchestration.config.models import Config, nearest
from orchestration.errors import InputError


class _TextLoader(yaml.SafeLoader):
    """YAML whose scalars stay text; only `null` is told apart."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_config(path: str | Path) -> Config:
    """Read and check a configuration file.

    Raises InputError (exit code 2) that names the file, line and key of each problem, and what to do.
    """
    file = Path(path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"the configuration can't be read: {error.strerror}.",
            file=file,
            todo="name a readable file (--config FILE).",
        ) from error
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(
            "the configuration is not UTF-8.", file=file, line=line, rule="encoding", todo="save it as UTF-8."
        ) from error
    return parse_config(text, file)


def parse_config(text: str, file: Path) -> Config:
    """Like `load_config`, from text; `file` is used for messages and for its folder."""
    data, lines = _read_yaml(text, file)
    if not isinstance(data, dict):
        raise InputError("the configuration is empty or not a mapping.", file=file, todo="see examples/ for one.")
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise _input_error(file, lines, list(_told(error))) from error
    config._path = file
    for name, feed in config.feeds.items():
        source, short = name.split(".", 1)
        prefix: Location = ("sources", source, "feeds", short)
        feed._name, feed._base_dir, feed._zone = name, file.absolute().parent, config.centre.timezone
        feed._config_file = str(file)
        for at, line in lines.items():
            if at[:4] == prefix and len(at) > 4:
                feed._lines[".".join(str(part) for part in at[4:])] = line
    problems = list(problems_of(config))
    if problems:
        raise _input_error(file, lines, problems)
    return config


def _read_yaml(text: str, file: Path) -> tuple[Any, dict[Location, int]]:
    """The data as text values, and the line of each key and item."""
    lines: dict[Location, int] = {}

    def visit(node: yaml.Node, at: Location) -> None:
        lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                name = str(key.value)
                if name in seen and key.tag != "tag:yaml.org,2002:merge":
                    raise InputError(
                        f"the key is given twice (first in line {seen[name]}).",
                        file=file,
                        line=key.start_mark.line + 1,
                        column=".".join(str(part) for part in (*at, name)),
                        todo="keep one of the two.",
                    )
                seen[name] = key.start_mark.line + 1
                lines[(*at, name)] = key.start_mark.line + 1
                visit(value, (*at, name))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                visit(item, (*at, index))

    loader = None
    try:
        loader = _TextLoader(text)  # which looks for characters that YAML can't hold
        node = loader.get_single_node()
        if node is None:
            return None, lines
        visit(node, ())
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise InputError(
            f"this is not YAML: {error.problem}.",
            file=file,
            line=None if mark is None else mark.line + 1,
            rule="yaml",
            todo="correct the line (often indentation, a missing space after a colon, or an unclosed quote).",
        ) from error
    except yaml.YAMLError as error:
        raise InputError(f"this is not YAML: {error}.", file=file, rule="yaml", todo="correct it.") from error
    finally:
        if loader is not None:
            loader.dispose()


def _told(error: ValidationError) -> Iterator[Problem]:
    misspelt: set[Location] = set()  # a key that is only misspelt is not told as missing too
    for item in sorted(error.errors(), key=lambda item: item["type"] != "extra_forbidden"):
        at: Location = item["loc"]
        if item["type"] == "extra_forbidden":
            known = _keys_at(at[:-1])
            misspelt.update((*at[:-1], key) for key in known if f"did you mean {key}?" in nearest(str(at[-1]), known))
            yield Problem(at, f"unknown key{nearest(str(at[-1]), known)}", f"known keys are: {', '.join(known)}.")
        elif item["type"] == "missing":
            if at not in misspelt:
                yield Problem(at, "this key is missing", "add it.")
        else:
            is_told = not isinstance(item["input"], dict | list) and item["type"] != "secret" and at[-1] != "url"
            given = f" (it is {item['input']!r})" if is_told else ""  # an url may hold a password
            yield Problem(at, item["msg"] + given)


def _keys_at(at: Location) -> list[str]:
    """Keys that a place of the configuration knows."""
    kind: Any = Config
    for part in at:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(part)].annotation
        else:  # a tuple or dict of models
            kind = next(item for item in reversed(get_args(kind)) if item is not Ellipsis)
        models = [item for item in get_args(kind) if isinstance(item, type) and issubclass(item, BaseModel)]
        if type(None) in get_args(kind):
            kind = models[0]
    return list(kind.model_fields)


def _input_error(file: Path, lines: dict[Location, int], problems: list[Problem]) -> InputError:
    def line(at: Location) -> int | None:
        while at and at not in lines:
            at = at[:-1]
        return lines.get(at)

    problems = sorted(problems, key=lambda problem: line(problem.at) or 0)
    first, *others = problems
    text = first.text.rstrip(".") + "."
    more = "".join(
        f"\n{file}:{line(p.at)}: {'.'.join(str(part) for part in p.at)}: {p.text.rstrip('.')}. What to do: {p.todo}"
        for p in others
    )
    return InputError(
        text,
        file=file,
        line=line(first.at),
        column=".".join(str(part) for part in first.at),
        rule="configuration",
        todo=first.todo + more,
    )
