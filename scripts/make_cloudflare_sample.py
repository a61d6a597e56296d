"""Make Cloudflare Logpush files that look real, with answers that are known.

    python scripts/make_cloudflare_sample.py                      the sample in data/samples/cloudflare
    python scripts/make_cloudflare_sample.py DIR --lines 1000000  regular http_requests for benchmarks

The same seed gives the same lines. The sample holds two days of three hosts:
visitors, attacks of several kinds, one flood, one slow scan, and some lines
that are cut or glued to the next. `answers.json` says what is in it, counted
while it was made, not by reading it back.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from isal import igzip

ROOT = Path(__file__).resolve().parent.parent
START = datetime(2025, 3, 11, tzinfo=UTC)
SEED = 20250311

# Networks as announced: prefix, autonomous system, country, and what lives there.
HOMES = [
    ("73.32.0.0/12", 7922, "us"),
    ("99.0.0.0/12", 7018, "us"),
    ("84.128.0.0/12", 3320, "de"),
    ("86.128.0.0/12", 2856, "gb"),
    ("90.0.0.0/12", 3215, "fr"),
    ("177.32.0.0/13", 28573, "br"),
    ("49.32.0.0/13", 55836, "in"),
    ("126.0.0.0/11", 17676, "jp"),
    ("1.128.0.0/12", 1221, "au"),
    ("2003:c0::/27", 3320, "de"),
    ("2600:1700::/28", 7018, "us"),
]
HOSTING = [
    ("167.99.0.0/16", 14061, "us"),
    ("51.68.0.0/16", 16276, "fr"),
    ("95.216.0.0/16", 24940, "fi"),
    ("47.74.0.0/16", 45102, "sg"),
    ("43.134.0.0/16", 132203, "sg"),
    ("45.142.120.0/22", 208046, "nl"),
    ("193.32.160.0/21", 47890, "ro"),
    ("2a01:4f8::/32", 24940, "de"),
]
BOTNET = [
    ("14.160.0.0/13", 45899, "vn"),
    ("36.64.0.0/13", 7713, "id"),
    ("177.128.0.0/13", 8167, "br"),
    ("95.24.0.0/13", 8402, "ru"),
    ("121.128.0.0/13", 4766, "kr"),
    ("58.208.0.0/13", 4134, "cn"),
]
SCANNER = "193.32.162.157"

HOSTS = [("www.example.com", 6), ("api.example.com", 3), ("login.example.org", 1)]
COLOS = [("FRA", 82), ("IAD", 204), ("GRU", 52), ("SIN", 35), ("NRT", 31), ("LHR", 373), ("SYD", 12)]
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3",
    "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari",
]
TOOLS = ["curl/8.5.0", "python-requests/2.32.3", "Go-http-client/2.0", "sqlmap/1.8.3#stable (https://sqlmap.org)"]
PAGES = ["/", "/products", "/about", "/cart", "/search", "/static/app.9f3c.js", "/images/logo.png", "/api/v1/items"]
TARGETS = ["/wp-login.php", "/xmlrpc.php", "/.env", "/index.php", "/cgi-bin/luci", "/vendor/phpunit/eval-stdin.php"]
QUERIES = [
    "?id=1%27%20OR%201=1--",
    "?q=<script>alert(1)</script>",
    "?f=../../../../etc/passwd",
    "?x=${jndi:ldap://e/a}",
    '?a={"k":"}{"}',
    "?name=Jürgen&city=北京",
]


@dataclass(frozen=True)
class Kind:
    """What happens to a request, and what a reader must make of it."""

    weight: int
    verdict: str
    category: str
    action: str = ""
    source: str = ""
    rule: str = ""
    rule_id: str = ""
    status: tuple[int, ...] = (200,)
    attack: tuple[int, int] = (60, 99)
    bot: tuple[int, int] = (40, 99)
    homes: tuple[tuple[str, int, str], ...] = tuple(HOMES)
    paths: tuple[str, ...] = tuple(PAGES)
    hostile: bool = False


VISIT = Kind(60, "benign", "none", status=(200, 200, 200, 301, 304, 404))
FLOOD = Kind(
    0, "mitigated", "DDoS", "block", "l7ddos", "HTTP requests with unusual HTTP headers or URI path (signature #61)",
    "3a1e7b0c94d24f5f8d5c6f0a2b1c9e77", (403,), bot=(1, 8), homes=tuple(BOTNET), paths=("/search",),
)  # fmt: skip
SCAN = Kind(
    0, "suspicious", "attack score", status=(404,), attack=(21, 50), bot=(30, 40),
    homes=((SCANNER + "/32", 47890, "ro"),),
)  # fmt: skip
KINDS = [
    VISIT,
    Kind(
        9, "mitigated", "managed rules", "block", "firewallManaged", "SQLi - Anomaly",
        "8166da327a614849bfa29317e7907480", (403,), (1, 20), (1, 60), tuple(HOSTING), tuple(TARGETS), True,
    ),
    Kind(
        7, "mitigated", "custom rules", "managedChallenge", "firewallCustom", "Challenge logins from hosting networks",
        "c1b5e3d0a97f4a3b8ce0d2f4b6a81f25", (403,), (55, 90), (30, 70), tuple(HOSTING), ("/wp-login.php", "/login"),
    ),
    Kind(
        5, "mitigated", "rate limit", "block", "rateLimit", "More than 60 logins a minute",
        "5f0b1d7e2c934d1a9b6e3c8a7d4f2e10", (429,), (55, 90), (30, 70), tuple(HOSTING), ("/login",),
    ),
    Kind(
        4, "mitigated", "bot", "jsChallenge", "botFight", "Bot fight mode", "d0a54ab45c1f4f7b9a53f5a3b2e9c611",
        (403,), (60, 90), (1, 20), tuple(HOSTING),
    ),
    Kind(
        3, "detected", "managed rules", "log", "firewallManaged", "Log4j headers", "0c054d4e4dd5455c9ff8f01efe5abb10",
        (200, 404), (51, 60), (30, 60), tuple(HOSTING), tuple(TARGETS), True,
    ),
    Kind(
        4, "suspicious", "attack score", attack=(5, 20), bot=(30, 60), homes=tuple(HOSTING), paths=tuple(TARGETS),
        hostile=True,
    ),
    Kind(3, "suspicious", "bot", bot=(2, 29), homes=tuple(HOSTING)),
    Kind(
        2, "benign", "custom rules", "skip", "firewallCustom", "Allow the uptime monitor",
        "9b2e61c3f0d84a8cb7d5a1e4c3f60d92", (200,), bot=(30, 60), homes=tuple(HOSTING),
    ),
]  # fmt: skip


@dataclass
class Answers:
    """What is in the files of one dataset, counted while they are made."""

    files: int = 0
    events: int = 0
    bad: int = 0
    blank: int = 0
    salvaged: int = 0
    sources: set[str] = field(default_factory=set)
    by_verdict: Counter[str] = field(default_factory=Counter)
    by_category: Counter[str] = field(default_factory=Counter)
    by_host: Counter[str] = field(default_factory=Counter)
    flood: int = 0
    scan: int = 0

    def count(self, request: dict[str, Any]) -> None:
        """Count a request whose line is whole."""
        kind = request["kind"]
        self.events += 1
        self.sources.add(request["ip"])
        self.by_verdict[kind.verdict] += 1
        self.by_category[kind.category] += 1
        self.by_host[request["host"]] += 1
        self.flood += kind is FLOOD
        self.scan += kind is SCAN

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        plain = {k: dict(sorted(v.items())) if isinstance(v, Counter) else v for k, v in vars(self).items()}
        return plain | {"sources": len(self.sources)}


class Traffic:
    """Make requests; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.nets = {cidr: ip_network(cidr) for cidr, *_ in (*HOMES, *HOSTING, *BOTNET, (SCANNER + "/32",))}
        self.pools: dict[str, list[str]] = {}

    def address(self, cidr: str) -> str:
        """Return an address of a network; most visitors come again."""
        net, pool = self.nets[cidr], self.pools.setdefault(cidr, [])
        if len(pool) >= 40 and self.random.random() < 0.9:
            return pool[self.random.randrange(len(pool))]
        pool.append(str(net[self.random.randrange(net.num_addresses if net.version == 4 else 1 << 80)]))
        return pool[-1]

    def request(self, kind: Kind, at: datetime, path: str | None = None, host: str | None = None) -> dict[str, Any]:
        """Return what both datasets say of one request."""
        r = self.random
        cidr, asn, country = r.choice(kind.homes)
        path = path or r.choice(kind.paths)
        query = r.choice(QUERIES) if kind.hostile else f"?page={r.randrange(1, 500)}" if r.random() < 0.4 else ""
        return {
            "kind": kind,
            "at": at,
            "ip": self.address(cidr),
            "asn": asn,
            "country": country,
            "host": host or r.choices([h for h, _ in HOSTS], [w for _, w in HOSTS])[0],
            "path": path,
            "query": query,
            "method": "POST" if "login" in path else "GET",
            "colo": r.choice(COLOS),
            "agent": r.choice(AGENTS if kind.homes == tuple(HOMES) else TOOLS),
            "status": r.choice(kind.status),
            "ray": f"{r.getrandbits(64):016x}",
            "port": r.randrange(1024, 65536),
            "bytes": r.randrange(300, 120_000),
            "attack": r.randint(*kind.attack),
            "bot": r.randint(*kind.bot),
            "numbers": r.getrandbits(64),
        }


def http_line(q: dict[str, Any], nano: bool) -> str:
    """Write a request as a line of ``http_requests``."""
    kind, colo, n = q["kind"], q["colo"], q["numbers"]
    begin, end = q["at"], q["at"] + timedelta(milliseconds=n % 900)
    # Quotes and the like occur in what clients send only.
    uri, path = _quoted(q["path"] + q["query"]), _quoted(q["path"])
    acted = bool(kind.action)
    listed = [f'["{v}"]' if acted else "[]" for v in (kind.action, kind.rule_id, kind.source)]
    operation = "ban" if q["status"] in (403, 429) and kind.action == "block" else "wl"
    return (
        f'{{"CacheCacheStatus":"{("hit", "miss", "dynamic")[n % 3]}","CacheResponseBytes":{n % 90001},'
        f'"CacheResponseStatus":{q["status"]},"ClientASN":{q["asn"]},'
        f'"ClientCountry":"{q["country"]}","ClientDeviceType":"desktop","ClientIP":"{q["ip"]}",'
        f'"ClientIPClass":"noRecord","ClientRequestBytes":{300 + n % 3700},"ClientRequestHost":"{q["host"]}",'
        f'"ClientRequestMethod":"{q["method"]}","ClientRequestPath":{path},"ClientRequestProtocol":"HTTP/2",'
        f'"ClientRequestReferer":"https://{q["host"]}/","ClientRequestScheme":"https","ClientRequestSource":"eyeball",'
        f'"ClientRequestURI":{uri},"ClientRequestUserAgent":"{q["agent"]}",'
        f'"ClientSSLProtocol":"TLSv1.3","ClientSrcPort":{q["port"]},'
        f'"EdgeColoCode":"{colo[0]}","EdgeColoID":{colo[1]},'
        f'"EdgeEndTimestamp":{_stamp(end, nano)},"EdgePathingOp":"{operation}",'
        f'"EdgePathingSrc":"{"user" if operation == "ban" else "macro"}",'
        f'"EdgePathingStatus":"{"ip" if operation == "ban" else "nr"}","EdgeRequestHost":"{q["host"]}",'
        f'"EdgeResponseBytes":{q["bytes"]},"EdgeResponseCompressionRatio":{n % 7}.{n % 89},'
        f'"EdgeResponseStatus":{q["status"]},'
        f'"EdgeServerIP":"172.68.{n % 251}.{n % 241}","EdgeStartTimestamp":{_stamp(begin, nano)},'
        f'"EdgeTimeToFirstByteMs":{n % 431},"JA4":"t13d_{n:016x}","OriginIP":"192.0.2.10",'
        f'"OriginResponseStatus":{0 if operation == "ban" else q["status"]},"RayID":"{q["ray"]}",'
        f'"SecurityAction":"{kind.action}","SecurityActions":{listed[0]},"SecurityRuleDescription":"{kind.rule}",'
        f'"SecurityRuleID":"{kind.rule_id}","SecurityRuleIDs":{listed[1]},"SecuritySources":{listed[2]},'
        f'"WAFAttackScore":{q["attack"]},"WAFRCEAttackScore":{n % 97 + 1},"WAFSQLiAttackScore":{n % 95 + 1},'
        f'"WAFXSSAttackScore":{n % 93 + 1},"BotScore":{q["bot"]},"ZoneName":"example.com"}}'
    )


def firewall_line(q: dict[str, Any]) -> str:
    """Write what a rule did to a request as a line of ``firewall_events``."""
    kind = q["kind"]
    return json.dumps(
        {
            "Action": kind.action.lower(),
            "ClientASN": q["asn"],
            "ClientASNDescription": f"AS{q['asn']}",
            "ClientCountry": q["country"],
            "ClientIP": q["ip"],
            "ClientIPClass": "noRecord",
            "ClientRequestHost": q["host"],
            "ClientRequestMethod": q["method"],
            "ClientRequestPath": q["path"],
            "ClientRequestProtocol": "HTTP/2",
            "ClientRequestQuery": q["query"],
            "ClientRequestScheme": "https",
            "ClientRequestUserAgent": q["agent"],
            "Datetime": json.loads(_stamp(q["at"], False)),
            "Description": kind.rule,
            "EdgeColoCode": q["colo"][0],
            "EdgeResponseStatus": q["status"],
            "Kind": "firewall",
            "MatchIndex": 0,
            "Metadata": {},
            "OriginResponseStatus": 0,
            "OriginatorRayID": "00",
            "RayID": q["ray"],
            "RuleID": kind.rule_id,
            "Source": kind.source.lower(),
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )


@lru_cache(1 << 16)
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _stamp(at: datetime, nano: bool) -> str:
    if nano:
        return str((at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000)
    return f'"{at.isoformat(timespec="seconds")[:19]}Z"'


def soil(lines: list[str], requests: list[dict[str, Any]], answers: Answers, r: random.Random) -> str:
    """Join lines as a writer that is killed now and then does; count what stays whole."""
    text: list[str] = []
    for line, request in zip(lines, requests, strict=True):
        glued = bool(text) and not text[-1].endswith("\n")
        chance = r.uniform(0.007 if glued else 0, 1)  # two cut ones glued cannot be told apart
        if chance < 0.004:  # cut, and the next line begins anew
            text.append(line[: r.randrange(20, len(line) - 20)] + "\n")
            answers.bad += 1
            continue
        if chance < 0.007:  # cut, and the next line glued to it
            text.append(line[: r.randrange(20, len(line) - 20)])
            answers.bad += 1
            continue
        answers.salvaged += glued
        text.append(line if chance < 0.014 else line + "\n")
        answers.count(request)
        if chance > 0.999:
            text.append("\n")
            answers.blank += 1
    if text and not text[-1].endswith("\n"):
        text.append("\n")
    return "".join(text)


def requests_of_sample(traffic: Traffic, lines: int, days: int) -> list[dict[str, Any]]:
    """Make all requests of the sample, in order of time."""
    r, span = traffic.random, timedelta(days=days)
    flood, scan = int(lines * 0.25), int(lines * 0.03)
    made = [
        traffic.request(kind, START + span * r.random())
        for kind in r.choices(KINDS, [k.weight for k in KINDS], k=lines - flood - scan)
    ]
    begin = START + timedelta(days=1, hours=14, minutes=20)
    made += [  # swells, then is let go
        traffic.request(FLOOD, begin + timedelta(minutes=12) * r.betavariate(2, 4), host="www.example.com")
        for _ in range(flood)
    ]
    made += [
        traffic.request(SCAN, START + span * (n + r.random()) / scan, f"{TARGETS[n % 6]}.{n}", "api.example.com")
        for n in range(scan)
    ]
    return sorted(made, key=lambda q: q["at"])


def write_sample(directory: Path, lines: int, seed: int) -> None:
    """Write both datasets and their answers."""
    days, hours = 2, 4
    traffic = Traffic(seed)
    requests = requests_of_sample(traffic, lines, days)
    answers = {"http_requests": Answers(), "firewall_events": Answers()}
    for number in range(days * 24 // hours):
        begin = START + timedelta(hours=hours * number)
        end = begin + timedelta(hours=hours)
        part = [q for q in requests if begin <= q["at"] < end]
        acted = [q for q in part if q["kind"].action]
        nano = number % 3 == 2  # the API's default and the dashboard's are mixed in real archives
        written = {
            "http_requests": ([http_line(q, nano) for q in part], part),
            "firewall_events": ([firewall_line(q) for q in acted], acted),
        }
        for name, (whole, meant) in written.items():
            text = soil(whole, meant, answers[name], traffic.random)
            folder = directory / name / f"{begin:%Y%m%d}"
            folder.mkdir(parents=True, exist_ok=True)
            stamp = f"{begin:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_{traffic.random.getrandbits(32):08x}"
            (folder / f"{stamp}.log.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
            answers[name].files += 1
    about = {"seed": seed, "flood_begins": "2025-03-12T14:20:00Z", "flood_minutes": 12, "scanner": SCANNER}
    known = about | {name: a.to_dict() for name, a in answers.items()}
    (directory / "answers.json").write_text(json.dumps(known, indent=1) + "\n")


def write_bulk(directory: Path, lines: int, files: int, seed: int) -> None:
    """Write regular ``http_requests`` lines, many and fast: a pool of requests, each at new times."""
    directory.mkdir(parents=True, exist_ok=True)
    traffic = Traffic(seed)
    r = traffic.random
    pool = []
    for kind in r.choices(KINDS, [k.weight for k in KINDS], k=20_000):
        line = http_line(traffic.request(kind, START) | {"ray": "\0", "port": "\0"}, False)
        pool.append(re.sub(r'(Edge(?:Start|End)Timestamp":)"[^"]*"', "\\1\0", line).split("\0"))
    for number in range(files):
        begin = START + timedelta(minutes=5) * number
        share = lines // files + (number < lines % files)
        seconds = [_stamp(begin + timedelta(seconds=n), False) for n in range(302)]
        made = []
        for n, (a, b, c, d, e) in enumerate(r.choices(pool, k=share)):
            bits, at = r.getrandbits(64), n * 300 // share
            start, end = seconds[at], seconds[at + bits % 2]
            made.append(f"{a}{1024 + bits % 64000}{b}{end}{c}{start}{d}{bits:016x}{e}\n")
        stamp = f"{begin:%Y%m%dT%H%M%SZ}_{begin + timedelta(minutes=5):%Y%m%dT%H%M%SZ}_{number:08x}"
        (directory / f"{stamp}.log.gz").write_bytes(igzip.compress("".join(made).encode(), 1, mtime=0))


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "data" / "samples" / "cloudflare")
    parser.add_argument("--lines", type=int, help="write this many regular http_requests lines instead of the sample")
    parser.add_argument("--files", type=int, default=20, help="into this many files")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    if given.lines is None:
        write_sample(given.directory, 6000, given.seed)
    else:
        write_bulk(given.directory, given.lines, given.files, given.seed)


if __name__ == "__main__":
    main()
