"""Rows, and the table they make: on the terminal, as JSON and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Goal:
    """Hold what a figure ought to be.

    Attributes
    ----------
    limit : float
        In the unit of the row, or a ratio.
    of : str
        ``ours`` or ``ratio``.
    most : bool
        Whether the limit is the most it may be, rather than the least.
    """

    limit: float
    of: str = "ours"
    most: bool = True

    def met(self, row: Row) -> bool | None:
        """Return whether a row meets it; None where there is no figure."""
        value = row.ours if self.of == "ours" else row.ratio
        if value is None:
            return None
        return value <= self.limit if self.most else value >= self.limit

    def text(self, unit: str) -> str:
        """Return it in words."""
        sign = "<=" if self.most else ">="
        return f"{sign} {self.limit:g}x" if self.of == "ratio" else f"{sign} {figure(self.limit, unit)}"


@dataclass(frozen=True)
class Row:
    """Hold one line of the table.

    Attributes
    ----------
    part : str
        Name of the benchmark it came from.
    what : str
        What was measured.
    unit : str
    ours, today : float or None
        Medians.
    beside : str
        What people use today for it; empty where there is nothing.
    n : str
        How many of what, and how often it was run.
    note : str
        What one must know to read the figure.
    goal : Goal or None
    more_is_better : bool
    """

    part: str
    what: str
    unit: str
    ours: float | None
    today: float | None = None
    beside: str = ""
    n: str = ""
    note: str = ""
    goal: Goal | None = None
    more_is_better: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times better than today."""
        if self.ours is None or self.today is None or not self.ours or not self.today:
            return None
        return self.ours / self.today if self.more_is_better else self.today / self.ours

    @property
    def verdict(self) -> str:
        """The goal and whether it was met, in words."""
        if self.goal is None:
            return ""
        word = {True: "met", False: "NOT met", None: "not measured"}[self.goal.met(self)]
        return f"{self.goal.text(self.unit)}: {word}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        goal = self.goal and {**asdict(self.goal), "met": self.goal.met(self)}
        return {**asdict(self), "goal": goal, "ratio": self.ratio}


def figure(value: float | None, unit: str = "") -> str:
    """Return a figure as people read it.

    Examples
    --------
    >>> figure(0.01234, "s"), figure(13_600_000, "/s"), figure(412.3, "MB"), figure(None)
    ('0.0123 s', '13.6 M/s', '412 MB', '–')
    """
    if value is None:
        return "–"
    scaled, prefix = value, ""
    if unit.startswith("/") or unit == "":
        for step, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= step:
                scaled, prefix = value / step, letter
                break
    text = f"{scaled:,.0f}" if abs(scaled) >= 100 else f"{scaled:.3g}"
    return f"{text} {prefix}{unit}".strip()


def ratio(value: float | None) -> str:
    """Return how many times better, as people read it."""
    return "–" if value is None else f"{value:,.0f}x" if value >= 20 else f"{value:.2g}x"


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table, its notes numbered beneath."""
    table = Table(show_lines=False, header_style="bold", pad_edge=False)
    table.add_column("what", overflow="fold", ratio=5)
    table.add_column("attackviz", justify="right")
    table.add_column("today", justify="right")
    table.add_column("with", overflow="fold", ratio=3)
    table.add_column("better", justify="right")
    table.add_column("goal", overflow="fold", ratio=2)
    table.add_column("n", overflow="fold", ratio=3)
    table.add_column("", justify="right")
    numbers = _numbers(rows)
    part = None
    for row in rows:
        if part not in (None, row.part):
            table.add_section()
        part = row.part
        colour = "" if row.goal is None else "green" if row.goal.met(row) else "red"
        table.add_row(
            row.what,
            figure(row.ours, row.unit),
            figure(row.today, row.unit) if row.beside else "",
            row.beside,
            ratio(row.ratio) if row.beside else "",
            f"[{colour}]{row.verdict}[/]" if colour else row.verdict,
            row.n,
            str(numbers.get(row.note, "")),
        )
    console.print(table)
    for note, number in numbers.items():
        console.print(f"{number:>2}  {note}", highlight=False)


def markdown(rows: Sequence[Row]) -> str:
    """Return the table and its notes in Markdown."""
    numbers = _numbers(rows)
    head = "| what | attackviz | today | with | better | goal | n |\n|---|---:|---:|---|---:|---|---|"
    lines = [head]
    for row in rows:
        mark = f" [{numbers[row.note]}]" if row.note else ""
        cells = [
            f"{row.what}{mark}",
            f"**{figure(row.ours, row.unit)}**",
            figure(row.today, row.unit) if row.beside else "",
            row.beside,
            ratio(row.ratio) if row.beside else "",
            row.verdict.replace("NOT met", "**not met**"),
            row.n,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    notes = "\n".join(f"{number}. {note}" for note, number in numbers.items())
    return "\n".join(lines) + "\n\n" + notes + "\n"


def _numbers(rows: Sequence[Row]) -> dict[str, int]:
    notes = dict.fromkeys(row.note for row in rows if row.note)
    return {note: number for number, note in enumerate(notes, 1)}
