"""A live map's server as such maps are usually made: Flask, a queue a client, one JSON message an event.

``python -m benchmarks.today.sse_app PORT``. It neither locates nor keeps
anything, which most of them do, event by event: what is measured is the way through.
"""

from __future__ import annotations

import json
import logging
import queue
import sys

from flask import Flask, Response, request

app = Flask("map")
clients: list[queue.Queue[str]] = []


@app.get("/")
def page() -> str:
    return "a map"


@app.post("/api/events")
def take() -> dict[str, int]:
    count = 0
    for line in request.data.splitlines():
        message = f"data: {json.dumps(json.loads(line))}\n\n"
        for client in clients.copy():
            client.put(message)
        count += 1
    return {"accepted": count}


@app.get("/api/feed")
def feed() -> Response:
    mine: queue.Queue[str] = queue.Queue()
    clients.append(mine)

    def messages():
        yield ": here\n\n"
        try:
            while True:
                yield mine.get()
        finally:
            clients.remove(mine)

    return Response(messages(), mimetype="text/event-stream")


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
