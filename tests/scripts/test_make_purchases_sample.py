"""The purchases: the script makes them, the mapping reads them, and the answers agree."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import attackviz as av
from attackviz.account import account_of

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_purchases_sample.py"


@pytest.fixture(scope="module")
def answers(samples):
    return json.loads((samples / "purchases" / "answers.json").read_text())


def test_sample_in_the_repository_is_what_the_script_makes(samples, tmp_path):
    subprocess.run([sys.executable, SCRIPT, tmp_path], check=True, timeout=120)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {"shop.ndjson.gz", "spend.csv", "answers.json"} <= set(made)
    assert made == {name: (samples / "purchases" / name).read_bytes() for name in made}


def test_the_mapping_finds_every_purchase_and_no_other_request(samples, answers):
    shop = samples / "purchases"
    sales = av.read(shop / "shop.ndjson.gz", format=shop / "shop.toml")
    assert len(sales) == answers["purchases"]
    assert sales["items"].sum() == answers["items"]
    assert round(sales["total"].sum() * 100) == answers["cents"]
    assert sales["category"].value_counts().to_dict() == answers["by_department"]
    assert sales["verdict"].eq("benign").all()
    account = account_of(sales)
    assert account.closes()
    assert account.left_out.total() == answers["lines"] - answers["purchases"]
    assert not account.notes
    av.validate(sales)


def test_most_are_located_where_they_were_made(samples, answers):
    shop = samples / "purchases"
    sales = av.enrich(av.read(shop / "shop.ndjson.gz", format=shop / "shop.toml"))
    found = sales["src_country"].value_counts().to_dict()
    right = sum(min(found.get(code, 0), count) for code, count in answers["by_country"].items())
    assert right >= 0.98 * answers["purchases"]


def test_outlines_and_advertising_are_of_the_same_countries(samples, answers):
    outlines = json.loads((samples / "purchases" / "countries.geojson").read_text())
    codes = [feature["properties"]["country"] for feature in outlines["features"]]
    spend = (samples / "purchases" / "spend.csv").read_text().splitlines()[1:]
    assert codes == [line.split(",")[0] for line in spend]
    assert set(answers["by_country"]) <= set(codes)
