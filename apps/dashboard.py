"""The dashboard under Panel's own server.

``panel serve apps/dashboard.py --args ADDRESS... [--window W] [--tz ZONE] [--geoip PATH] [--targets PATH]
[--format NAME] [--map FILE] [--url URL] [--query QUERY] [--public]``
"""

import argparse

from attackviz.dashboard.app import page
from attackviz.dashboard.job import Job
from attackviz.dashboard.reading import shared
from attackviz.elastic.address import aimed

parser = argparse.ArgumentParser(prog="dashboard.py", description="Replay attack traffic on a map.")
parser.add_argument(
    "addresses", nargs="+", metavar="ADDRESS", help="files, directories, globs or es+https://host/index"
)
parser.add_argument("--window", help="only this time, such as 2025-02-11..2025-02-25")
parser.add_argument("--tz", help="zone of times that name none")
parser.add_argument("--geoip", action="append", default=[], help="your own MMDB; may be repeated")
parser.add_argument("--targets", help="table of where attacks arrive")
parser.add_argument("--format", help="of the input, instead of finding it from the content")
parser.add_argument("--map", help="a format of your own: TOML that says which field is which column")
parser.add_argument("--url", help="of the cluster of es:///index, instead of ES_URL")
parser.add_argument("--query", help="of an index, only what matches: as for Kibana's search, or JSON")
parser.add_argument("--public", action="store_true", help="show only what is for everyone")
args = parser.parse_args()

job = Job(
    tuple(aimed(args.addresses, args.url, args.query)),
    args.window,
    args.tz,
    tuple(args.geoip),
    args.targets,
    format=args.format,
    mapping=args.map,
    public=args.public,
)
page(shared(job)).servable(title="attackviz")
