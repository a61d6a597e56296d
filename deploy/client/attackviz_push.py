"""Send events to an attackviz live server; copy this file, the standard library is all it needs.

push = Push("https://map.example:5006", token)
push({"time": "2025-02-20T05:00:00Z", "src_ip": "192.0.2.7", "category": "ssh"})
push.flush()
"""

import gzip
import json
import time
import urllib.request
import uuid


class Push:
    """Collect events, and send them by the hundred; a batch is sent until the server has it, and counts once."""

    def __init__(self, url, token=None, size=100, tries=10):
        self.url, self.token, self.size, self.tries = url.rstrip("/"), token, size, tries
        self.events, self.key = [], uuid.uuid4().hex

    def __call__(self, event):
        self.events.append(event)
        if len(self.events) >= self.size:
            self.flush()

    def flush(self):
        body = gzip.compress("".join(json.dumps(event) + "\n" for event in self.events).encode())
        headers = {"Content-Encoding": "gzip", "Idempotency-Key": self.key}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        for attempt in range(self.tries if self.events else 0):
            try:
                request = urllib.request.Request(f"{self.url}/api/events?format=events.json", body, headers)
                with urllib.request.urlopen(request, timeout=60) as response:
                    self.events, self.key = [], uuid.uuid4().hex
                    return json.load(response)
            except OSError as error:  # refused for good, or may it go better in a moment?
                if attempt + 1 == self.tries or getattr(error, "code", 503) not in (429, 502, 503, 504):
                    raise  # the events stay, and count once however often they are sent
                time.sleep(min(0.25 * 2**attempt, 10))
