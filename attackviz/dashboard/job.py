"""What is to be read, and how: plain data that can go to another process."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Mapping as Table
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..account import source_name
from ..elastic.address import is_address, named
from ..errors import AddressError, AttackvizWarning
from ..filters import Filters
from ..settings import load_settings
from ..tape.address import is_tape, path_of
from ..window import Window, zone

if TYPE_CHECKING:
    from ..formats import Mapping

__all__ = ["Job"]


@dataclass(frozen=True, slots=True)
class Job:
    """Hold what is to be read and how; it is plain data and hashable.

    Attributes
    ----------
    addresses : tuple of str
        Files, directories, globs or indices of a cluster.
    window : str or None
        As :meth:`attackviz.window.Window.parse` takes it.
    tz : str or None
        Zone of naive times; the settings' by default.
    geoip : tuple of str
        Location databases instead of the settings' or the embedded one.
    targets : str or None
        Table of where attacks arrive, instead of the settings' or the sample's own.
    title : str or None
        What the recording is called; the last part of the address by default.
    year : int or None
        Year of times that carry none; by the files' last changes by default.
    format : str or None
        Name of the format of all files; told by content by default.
    mapping : str or None
        File that describes a format of one's own, for all files.
    exclude : tuple of str
        Lists of networks whose events are left out, instead of the settings'.
    filters : str or None
        Conditions on the events, as :meth:`attackviz.filters.Filters.parse` takes
        them; what does not meet them is left out, and counted.
    public : bool
        Whether viewers get only what is left of events that are redacted.

    Examples
    --------
    >>> Job(("data/samples/tpot-2025",)).name
    'tpot-2025'
    """

    addresses: tuple[str, ...]
    window: str | None = None
    tz: str | None = None
    geoip: tuple[str, ...] = ()
    targets: str | None = None
    title: str | None = None
    year: int | None = None
    format: str | None = None
    mapping: str | None = None
    exclude: tuple[str, ...] = ()
    filters: str | None = None
    public: bool = False

    @property
    def source(self) -> str:
        """What was read, in a few words: the last part of the first address, and how many more."""
        return source_name([named(each) for each in self.addresses])

    @property
    def name(self) -> str:
        """What to call the recording: the title, or what was read."""
        return self.title or self.source

    def form(self) -> Mapping | str | None:
        """Return the format of all files, as :func:`attackviz.scan` takes it.

        Raises
        ------
        MappingError
            If the file that describes it cannot be read, or is wrong.
        """
        if self.mapping is None:
            return self.format
        from ..formats import Mapping

        return Mapping.from_file(self.mapping, self.format)

    def check(self) -> None:
        """Refuse what can be seen to be wrong before anything is read.

        Raises
        ------
        AttackvizError
            If the settings, the zone, the window, the filters or the format cannot be understood, or
            there is nothing at an address. Clusters are not asked.
        """
        tz = self.tz or load_settings().tz
        zone(tz)
        if self.window:
            Window.parse(self.window, tz=tz)
        if self.exclude:
            from ..analysis import read_exclusion

            read_exclusion(self.exclude)
        Filters.parse(self.filters)
        form = self.form()
        if form is not None:
            from ..formats import choose, own_formats

            choose(form, own_formats())
        for address in self.addresses:
            if is_address(address):
                self._check_index(address)
                continue
            if is_tape(address):
                from ..tape import Tape

                Tape(path_of(address), readonly=True)
                continue
            there = os.path.lexists(address) or glob.glob(address, recursive=True)  # noqa: PTH207
            if not there and "://" not in address:  # what is no path is for `open` to judge
                raise AddressError("there is nothing there", where=address, hint="give a file, a directory or a glob")

    @staticmethod
    def _check_index(address: str) -> None:
        from ..elastic import Elastic

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AttackvizWarning)  # whoever reads it says so
            Elastic(address)

    def to_dict(self) -> dict[str, Any]:
        """Return the job as plain data, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Table[str, Any]) -> Job:
        """Return the job that :meth:`to_dict` gave, also after a way through JSON."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**fields)
