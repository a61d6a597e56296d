"""Made-up documents as T-Pot and Beats write them, the same for the same seed, with what is odd in real ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

START = datetime(2025, 2, 11, tzinfo=UTC)
DAYS = 14
COUNTRIES = [("CN", "Beijing"), ("US", "Ashburn"), ("DE", "Falkenstein"), ("BR", None), ("RU", "Moscow"), (None, None)]
SERVICES = [("Cowrie", 22), ("Heralding", 21), ("Dionaea", 445), ("Ciscoasa", 8443), ("Honeytrap", 23), ("Tanner", 80)]
WORDS = ["root", "admin", "пользователь", 'a"b\\c', "line\nbreak", "💥", "", "=cmd|' /C calc'!A0"]

TPOT_MAPPING = {
    "properties": {
        "@timestamp": {"type": "date"},
        "src_ip": {"type": "ip"},
        "dest_ip": {"type": "ip"},
        "src_port": {"type": "long"},
        "dest_port": {"type": "long"},
        "type": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}},
        "geoip": {
            "properties": {
                "country_code2": {"type": "keyword"},
                "as_org": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 12}}},
                "asn": {"type": "long"},
            }
        },
    }
}
ECS_MAPPING = {
    "properties": {
        "@timestamp": {"type": "date"},
        "source": {
            "properties": {
                "ip": {"type": "ip"},
                "port": {"type": "long"},
                "geo": {"properties": {"location": {"type": "geo_point"}, "country_iso_code": {"type": "keyword"}}},
            }
        },
        "destination": {"properties": {"ip": {"type": "ip"}, "port": {"type": "long"}}},
        "rule": {"properties": {"name": {"type": "keyword"}, "id": {"type": "keyword"}}},
    }
}


def moment(chance: random.Random) -> str:
    """Return a time; many share a second, and some carry microseconds."""
    found = START + timedelta(seconds=int(chance.random() ** 2 * DAYS * 86400))
    found += timedelta(microseconds=chance.choice([0, 0, 1000, 999, 123456, 999999]))
    return found.isoformat().replace("+00:00", "Z")


def address(chance: random.Random) -> str:
    if chance.random() < 0.05:
        return f"2001:db8::{chance.randrange(1, 4000):x}"
    return f"{chance.choice([45, 61, 185, 192])}.{chance.randrange(4)}.{chance.randrange(256)}.{chance.randrange(256)}"


def tpot(count: int, seed: int = 1, untimed: float = 0.001) -> Iterator[tuple[str, dict]]:
    """Yield ids and documents of T-Pot."""
    chance = random.Random(seed)
    for number in range(count):
        service, port = chance.choice(SERVICES)
        country, city = chance.choice(COUNTRIES)
        document: dict = {
            "@timestamp": moment(chance),
            "type": service,
            "src_ip": address(chance),
            "src_port": chance.randrange(0, 65536),
            "dest_ip": "172.20.0.2",
            "dest_port": port,
            "t-pot_hostname": "hive",
            "t-pot_ip_ext": "203.0.113.9",
            "geoip": {
                "country_code2": country,
                "city_name": city,
                "asn": chance.choice([4134, 16509, 24940]),
                "as_org": chance.choice(["Chinanet", "Amazon.com, Inc.", "Hetzner Online GmbH"]),
                "latitude": round(chance.uniform(-60, 70), 4),
                "longitude": round(chance.uniform(-180, 180), 4),
            },
            "unread": {"headers": ["x" * 40, str(number)], "deep": {"er": chance.random()}},
        }
        if chance.random() < 0.3:
            document |= {"username": chance.choice(WORDS), "password": chance.choice(WORDS)}
        if chance.random() < 0.1:
            document["message"] = chance.choice(WORDS) * 3
        if chance.random() < 0.02:
            document |= {"type": "P0f"}  # left out, by the format
        if chance.random() < 0.01:
            del document["geoip"]
        if chance.random() < untimed:
            del document["@timestamp"]
        yield f"t{number:07d}", document


def ecs(count: int, seed: int = 2) -> Iterator[tuple[str, dict]]:
    """Yield ids and documents of the Elastic Common Schema; some are written flat, with dots in their keys."""
    chance = random.Random(seed)
    for number in range(count):
        country, city = chance.choice(COUNTRIES)
        source: dict = {"ip": address(chance), "port": chance.randrange(1, 65536)}
        if country:
            at = {"lat": round(chance.uniform(-60, 70), 4), "lon": round(chance.uniform(-180, 180), 4)}
            source["geo"] = {"country_iso_code": country, "city_name": city, "location": at}
        document: dict = {
            "@timestamp": moment(chance),
            "event": {"kind": "alert", "category": ["network", "intrusion_detection"], "severity": chance.randrange(5)},
            "source": source,
            "destination": {"ip": "198.51.100.7", "port": chance.choice([22, 80, 443])},
            "rule": {"name": chance.choice(WORDS) or "none", "id": str(chance.randrange(2000, 2040))},
            "ecs": {"version": "8.11"},
            "message": "x" * chance.randrange(200),
        }
        if chance.random() < 0.2:
            document["event"]["id"] = f"own-{number}"
        if chance.random() < 0.1:
            document |= {"source.ip": source.pop("ip"), "destination.port": document["destination"].pop("port")}
        if chance.random() < 0.01:
            document["rule"]["name"] = ["one", "other"]
        if chance.random() < 0.01:
            del document["source"]
        yield f"e{number:07d}", document
