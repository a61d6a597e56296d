"""The dashboard under Panel's own server.

``panel serve apps/dashboard.py --args ADDRESS... [--window W] [--tz ZONE] [--geoip PATH] [--targets PATH]``
"""

import argparse

from attackviz.dashboard.app import page
from attackviz.dashboard.job import Job
from attackviz.dashboard.reading import shared

parser = argparse.ArgumentParser(prog="dashboard.py", description="Replay attack traffic on a map.")
parser.add_argument("addresses", nargs="+", metavar="ADDRESS", help="files, directories or globs")
parser.add_argument("--window", help="only this time, such as 2025-02-11..2025-02-25")
parser.add_argument("--tz", help="zone of times that name none")
parser.add_argument("--geoip", action="append", default=[], help="your own MMDB; may be repeated")
parser.add_argument("--targets", help="table of where attacks arrive")
args = parser.parse_args()

job = Job(tuple(args.addresses), args.window, args.tz, tuple(args.geoip), args.targets)
page(shared(job)).servable(title="attackviz")
