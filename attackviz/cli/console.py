"""What commands say, and how: sentences on stderr, exit codes, progress on a terminal."""

from __future__ import annotations

import functools
import inspect
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import typer

from ..analysis.words import harmless
from ..errors import AttackvizError, AttackvizWarning, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ..account import Account

__all__ = ["as_typed", "command", "fail", "frames_bar", "loss", "note", "progress_bar", "say", "size_of"]

P = ParamSpec("P")

SKIPPED_SHOWN = 10


def say(text: str) -> None:
    """Print one line of the result to stdout."""
    typer.echo(harmless(text))


def note(text: str) -> None:
    """Print one line about the work to stderr."""
    typer.echo(harmless(text), err=True)


def size_of(path: Path) -> str:
    """Return how large a file is: in kB below 1 MB, so that a small one is not said to be empty."""
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{math.ceil(size / 1e3)} kB"


def fail(error: AttackvizError) -> NoReturn:
    """Say what failed in one sentence and leave with the code that belongs to it."""
    note(f"attackviz: {error}")
    raise typer.Exit(2 if isinstance(error, UsageError) else 1)


def loss(account: Account) -> None:
    """Say on stderr what of the input did not become events, if anything."""
    from ..formats.stamps import NO_YEAR

    for sentence in account.notes:
        note(f"note: {sentence}")
    if yearless := account.flags[NO_YEAR]:
        note(f"warning: {yearless:,} events have no time, as their log writes no year; say it with --year")
    if account.excluded:
        note(f"note: {account.excluded:,} events from excluded addresses were left out")
    if account.bad_total:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in account.bad.most_common(4))
        note(
            f"warning: {account.bad_total:,} of {account.pieces:,} pieces could not be read: {reasons}; all are counted"
        )
    unread = account.unread()
    for name in unread[:SKIPPED_SHOWN]:
        note(f"warning: {name} could not be read: {account.skipped[name]}")
    told = set(unread)
    cut = [name for name in account.truncated if name not in told]
    for name in cut[:SKIPPED_SHOWN]:
        note(f"warning: {name} ends before it should; what came before the cut was read")
    if len(cut) > SKIPPED_SHOWN:
        note(f"warning: {len(cut) - SKIPPED_SHOWN:,} more files end before they should; read --stats FILE names them")
    others = [(name, why) for name, why in account.skipped.items() if name not in told]
    for name, why in others[:SKIPPED_SHOWN]:
        note(f"note: {name} was not read: {why}")
    more = max(len(unread) - SKIPPED_SHOWN, 0) + max(len(others) - SKIPPED_SHOWN, 0)
    if more:
        note(f"note: {more:,} more files were not read; read --stats FILE names them all")


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Make a command of a function: its errors become sentences and exit codes."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always", AttackvizWarning)
            shown = warnings.showwarning
            warnings.showwarning = functools.partial(_warn, shown)
            try:
                function(*args, **kwargs)
            except AttackvizError as error:
                fail(error)
            except BrokenPipeError:
                # Whoever read our output has enough; say nothing at the exit either.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            except OSError as error:
                fail(AttackvizError(error.strerror or str(error), where=error.filename and str(error.filename)))
            except MemoryError:
                fail(AttackvizError("the memory of this machine is not enough", hint="ask for a shorter --window"))
            except KeyboardInterrupt:
                note("attackviz: stopped")
                raise typer.Exit(130) from None

    run.__doc__ = as_typed(function.__doc__ or "")
    return run


def as_typed(text: str) -> str:
    """Mark the paragraphs of examples in a help text, so that their lines are kept."""
    return inspect.cleandoc(text).replace("\n\nattackviz ", "\n\n\b\nattackviz ")


def _warn(shown: Callable[..., None], message: Warning | str, category: type[Warning], *rest: Any) -> None:
    if issubclass(category, AttackvizWarning):
        note(f"warning: {message}")
    else:
        shown(message, category, *rest)


@contextmanager
def progress_bar() -> Iterator[Callable[[dict[str, Any]], None] | None]:
    """Show reading as a bar by bytes, or by documents of an index, on a terminal only.

    Yields
    ------
    callable or None
        Takes a loading status (as `attackviz.sources.Progress.to_dict` gives it);
        None where stderr is no terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.filesize import decimal
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    amount = TextColumn("{task.fields[amount]}", markup=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), amount, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None, amount="")

        def show(status: dict[str, Any]) -> None:
            if status.get("documents"):
                done, total = status["documents_done"], status["documents"]
                words, amount = "reading an index", f"{done:,}/{total:,} documents"
            else:
                done, total = status["bytes_done"], status["bytes"]
                words = f"reading {status['files_done']} of {status['files']} files, {status['events']:,} events"
                amount = f"{decimal(done)}/{decimal(total)}" if total else ""
            bar.update(task, total=total or None, completed=done, description=words, amount=amount)

        yield show


@contextmanager
def frames_bar() -> Iterator[Callable[[int, int], None] | None]:
    """Show the frames of a film that are drawn, and how long the others will take, on a terminal only.

    Yields
    ------
    callable or None
        Takes how many frames there are, and of how many; None where stderr is no terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("drawing frames"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("drawing", total=None, visible=False)

        def show(done: int, total: int) -> None:
            bar.update(task, total=total, completed=done, visible=True)

        yield show
