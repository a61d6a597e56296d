"""The live server: events in, to listeners, and to players, beside a map's server as they are usually made."""

from __future__ import annotations

from ..bench import Bench
from ..process import python, run
from ..server import free_port, serving
from ..table import Goal, Row

PUSHED = (
    "POST /api/events, bodies of 5,000 lines over two connections. Ours answers when they are located, each id once, "
    "and on the disk; today's has put them on no queue, as nobody listens, and keeps nothing."
)
FANNED = (
    "Events pushed 500 a body, each to every listener, until the last has the last. One JSON message an event in both."
)
LOOKED = "Cores of the server beyond what it takes without viewers; players' sockets, packed Arrow ten times a second."
TODAY = "Flask and server-sent events, a queue a client (neither locating nor keeping)"


def rows(bench: Bench) -> list[Row]:
    """Push, listen and look."""
    count = bench.pick(1_000_000, 100_000)
    clients, fanned = 200, bench.pick(5_000, 1_000)
    viewers, rate, seconds = 5, 10_000, bench.pick(30, 5)
    found = {}
    for name in ("ours", "today"):
        port = free_port()
        ours = ["-m", "attackviz", "serve", "--live", "--no-browser", "--port", f"{port}"]
        ours += ["--tape", str(bench.directory / "live.tape")]
        command = python(*ours) if name == "ours" else python("-m", "benchmarks.today.sse_app", f"{port}")
        with serving(command, port) as server:
            server.until_listening()
            ask = ["-m", "benchmarks.ours.live"]
            found[name] = {
                **run(python(*ask, "push", server.url, f"{count}")).answer,
                "fan": run(python(*ask, "fan", server.url, f"{server.pid}", f"{clients}", f"{fanned}")).answer,
            }
            if name == "ours":
                numbers = [f"{each}" for each in (server.pid, viewers, rate, seconds)]
                found["look"] = run(python(*ask, "look", server.url, *numbers)).answer
    ours, today, look = found["ours"], found["today"], found["look"]
    n = f"{clients} listeners, {fanned:,} events"
    at = f"{viewers} viewers at {rate:,} events a second"
    return [
        Row("live", "events pushed a second", "/s", ours["rate"], today["rate"], TODAY, f"{count:,} events", PUSHED,
            Goal(50_000, "ours", False), True),
        Row("live", "events to listeners a second", "/s", ours["fan"]["rate"], today["fan"]["rate"], TODAY, n, FANNED,
            more_is_better=True),
        Row("live", "processor for a million of them", "s", ours["fan"]["cpu"], today["fan"]["cpu"], TODAY, n, FANNED),
        Row("live", "cores for five viewers", "cores", look["viewers"], n=f"{at}; {look['alone']:.2f} without",
            note=LOOKED, goal=Goal(0.5)),
    ]  # fmt: skip
