"""The Cloudflare sample can be made again; the bulk for benchmarks is regular."""

import gzip
import subprocess
import sys
from pathlib import Path

from attackviz.account import account_of
from attackviz.open import read

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_cloudflare_sample.py"


def make(*args):
    subprocess.run([sys.executable, SCRIPT, *map(str, args)], check=True, timeout=300)


def contents(directory):
    made = [*directory.glob("http_requests/*/*"), *directory.glob("firewall_events/*/*")]
    return {path.relative_to(directory): gzip.decompress(path.read_bytes()) for path in made}


def test_sample_in_the_repository_is_what_the_script_makes(samples, tmp_path):
    make(tmp_path)
    assert contents(tmp_path) == contents(samples / "cloudflare")
    assert (tmp_path / "answers.json").read_text() == (samples / "cloudflare" / "answers.json").read_text()


def test_bulk_has_the_lines_asked_for_and_nothing_else(tmp_path):
    make(tmp_path, "--lines", 1001, "--files", 2)
    texts = [gzip.decompress(path.read_bytes()) for path in sorted(tmp_path.iterdir())]
    assert [text.count(b"\n") for text in texts] == [501, 500]
    assert 1300 < len(b"".join(texts)) / 1001 < 1550
    account = account_of(read(tmp_path))
    assert (account.pieces, account.events) == (1001, 1001)
    assert set(account.files.values()) == {"cloudflare.http_requests"}
