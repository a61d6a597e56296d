"""The command line: one thin file a command.

Commands import what is heavy only when they run, so that ``--help`` answers
at once. Exit codes are 0 (done), 1 (failed) and 2 (misuse); a loss that did
not stop the work is said on stderr.
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the ``attackviz`` command with the arguments of the process."""
    from .app import app

    app(prog_name="attackviz")
