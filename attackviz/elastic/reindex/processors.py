"""A user's own function over documents: many calls at once, for most of them wait for somebody."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError

__all__ = ["Failed", "Processor", "load", "name_of"]

_HINT = "write module:function, such as mine:process for process() in mine.py"


@dataclass(frozen=True, slots=True)
class Failed:
    """Say why a document could not be processed."""

    reason: str


def name_of(given: str | Callable[..., Any]) -> str:
    """Return the name by which other processes find a function.

    Parameters
    ----------
    given : str or callable
        ``module:function``, or the function.

    Raises
    ------
    UsageError
        If others cannot find it.

    Examples
    --------
    >>> name_of("mine:process")
    'mine:process'
    >>> import json
    >>> name_of(json.dumps)
    'json:dumps'
    """
    if isinstance(given, str):
        module, _, function = given.partition(":")
        if not module or not function:
            raise UsageError(f"{given!r} names no processor", hint=_HINT)
        return given
    name = getattr(given, "__qualname__", "<object>")
    if "<" in name or getattr(given, "__module__", None) in (None, "__main__"):
        raise UsageError(
            f"other processes cannot find the processor {name}",
            hint="put it into a module of its own, mine.py, and give 'mine:process'",
        )
    return f"{given.__module__}:{name}"


def load(name: str) -> Callable[..., Any]:
    """Return a function by its name.

    Parameters
    ----------
    name : str
        ``module:function``.

    Raises
    ------
    UsageError
        If there is none; errors of the module itself are said, too.
    """
    module, _, function = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in function.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever a module of somebody else does
        raise UsageError(
            f"the processor {name} cannot be loaded: {type(error).__name__}: {error}", hint=_HINT
        ) from None
    if not callable(found):
        raise UsageError(f"{name} is no function", hint=_HINT)
    return found  # type: ignore[no-any-return]


class Processor:
    """Call a function for every document; many calls are under way at once.

    A plain function is called by threads, a coroutine function in one event
    loop. Threads and loop live as long as this, so a function may keep a
    connection of its own in either.

    Parameters
    ----------
    function : callable
        Takes a document (dict), and returns what is to be merged into it, or
        None.
    at_once : int
        How many calls at once.
    """

    def __init__(self, function: Callable[..., Any], at_once: int) -> None:
        self._function, self._at_once = function, at_once
        self._loop: asyncio.Runner | None = None
        self._pool: ThreadPoolExecutor | None = None
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
            self._loop = asyncio.Runner()
        elif at_once > 1:
            self._pool = ThreadPoolExecutor(at_once, "attackviz-processor")

    def __call__(self, documents: Sequence[dict[str, Any]]) -> list[dict[str, Any] | Failed | None]:
        """Return what the function says of each document, or why it failed.

        Parameters
        ----------
        documents : sequence of dict
        """
        results: list[dict[str, Any] | Failed | None] = [None] * len(documents)
        numbers = iter(range(len(documents)))
        if self._loop is not None:
            self._loop.run(self._await_all(documents, numbers, results))
            return results
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    results[number] = _checked(self._function(documents[number]))
                except Exception as error:  # it is the document's affair, and kept with it
                    results[number] = _failed(error)

        if self._pool is None:
            work()
        else:
            workers = [self._pool.submit(work) for _ in range(min(self._at_once, len(documents)))]
            for worker in workers:
                worker.result()
        return results

    async def _await_all(
        self, documents: Sequence[dict[str, Any]], numbers: Any, results: list[dict[str, Any] | Failed | None]
    ) -> None:
        async def work() -> None:
            for number in numbers:
                try:
                    results[number] = _checked(await self._function(documents[number]))
                except Exception as error:
                    results[number] = _failed(error)

        await asyncio.gather(*(work() for _ in range(min(self._at_once, len(documents)))))

    def close(self) -> None:
        """End threads and loop."""
        if self._loop is not None:
            self._loop.close()
        if self._pool is not None:
            self._pool.shutdown()


def _checked(value: Any) -> dict[str, Any] | Failed | None:
    if value is None or isinstance(value, dict):
        return value
    return Failed(f"it returned {type(value).__name__}, neither a dict nor None")


def _failed(error: Exception) -> Failed:
    return Failed(f"{type(error).__name__}: {error}")
