"""Templates of reports: ours, and those of users."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ExportError

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

__all__ = ["check_template", "render"]

_OURS = Path(__file__).parents[1] / "templates" / "report"
MAIN = "attackviz/report.html"


def render(template: str | os.PathLike[str] | None, values: dict[str, Any]) -> str:
    """Fill in a template.

    Parameters
    ----------
    template : path or None
        A user's own; it may extend, include and import ``attackviz/...``, and
        what lies beside it.
    values : dict
        What it may use.

    Raises
    ------
    ExportError
        If it cannot be read, is no template, or asks for what is not there;
        with the line.
    """
    if template is None:
        return _environment(None).get_template(MAIN).render(values)
    path = Path(template)
    with _said(path):
        return _environment(path.parent).get_template(path.name).render(values)


def check_template(template: str | os.PathLike[str]) -> None:
    """Refuse what can be seen to be no template before anything is counted.

    Raises
    ------
    ExportError
        If it cannot be read, is no template, or extends one that is not there.
    """
    from jinja2 import meta

    path = Path(template)
    with _said(path):
        environment = _environment(path.parent)
        source = path.read_text(encoding="utf-8")
        environment.get_template(path.name)
        for name in meta.find_referenced_templates(environment.parse(source)):
            if name is not None:
                environment.get_template(name)


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say in words, with the line, what is wrong with a template."""
    from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

    if not path.is_file():
        raise ExportError("there is no such template", where=str(path), hint="name a file; see docs/report.md")
    try:
        yield
        return
    except TemplateSyntaxError as error:
        where, what = f"{error.filename or path}:{error.lineno}", str(error.message)
    except TemplateNotFound as error:
        where, what = str(path), f"it asks for {error.name!r}, which is not there"
    except UnicodeDecodeError:
        where, what = str(path), "it is no text in UTF-8"
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, OSError) as error:
        where, what = _line(error, path), str(error)
    raise ExportError(f"the template does not work: {what}", where=where, hint="see docs/report.md for what it may use")


def _line(error: BaseException, path: Path) -> str:
    step, line = error.__traceback__, None
    while step is not None:
        if step.tb_frame.f_code.co_filename == str(path):
            line = step.tb_lineno
        step = step.tb_next
    return str(path) if line is None else f"{path}:{line}"


@cache
def _environment(own: Path | None) -> Environment:
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # Under a name of its own, so that a template called report.html may extend ours.
    loaders: list[BaseLoader] = [PrefixLoader({"attackviz": FileSystemLoader(_OURS)})]
    if own is not None:
        loaders.append(FileSystemLoader(own))
    environment = SandboxedEnvironment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["count"] = "{:,}".format
    return environment
