"""Who we are and whom we trust, against a gate that asks."""

from __future__ import annotations

import base64
import pickle
import warnings
from pathlib import Path

import pytest

from attackviz.elastic import Connection, Elastic, Wire
from attackviz.errors import AttackvizError, AttackvizWarning, ElasticError, SettingsError, UsageError
from attackviz.settings import Settings, load_settings

from .cluster import Cluster
from .gate import Gate, certificate

SECRET = "s3cr3t-pässword"
BASIC = "Basic " + base64.b64encode(f"elastic:{SECRET}".encode()).decode()
KEY = base64.b64encode(b"id:s3cr3t-key").decode()


def find(
    url: str | None = None, environ: dict | None = None, settings: dict | None = None, **given: object
) -> Connection:
    return Connection.find(url, environ=environ or {}, settings=Settings(elastic=settings or {}), **given)


def answers(connection: Connection) -> bool:
    return b"cluster_name" in Wire(connection, tries=2, wait=lambda seconds: None).get("/")


@pytest.mark.parametrize(
    ("header", "given"),
    [
        (BASIC, {"username": "elastic", "password": SECRET}),
        (f"ApiKey {KEY}", {"api_key": KEY}),
        (f"ApiKey {KEY}", {"api_key": "id:s3cr3t-key"}),
        ("Bearer s3cr3t-token", {"bearer_token": "s3cr3t-token"}),
    ],
)
def test_every_way_to_sign_in(elastic: Cluster, tmp_path: Path, header: str, given: dict) -> None:
    with Gate(elastic.url, authorization=header) as gate:
        assert answers(find(gate.url, **given))
        environ = {f"ES_{name.upper()}": text for name, text in given.items()}
        assert answers(find(environ={"ES_URL": gate.url, **environ}))
        assert answers(find(settings={"url": gate.url, **given}))
        files = {}
        for name, text in given.items():
            (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
            files[f"{name}_file"] = str(tmp_path / name)
        assert answers(find(gate.url, environ={f"ES_{name.upper()}": path for name, path in files.items()}))
        assert answers(find(gate.url, settings=files))
        assert answers(find(gate.url, **files))
        sent = pickle.loads(pickle.dumps(find(gate.url, **given)))
        assert answers(sent)
        assert "s3cr3t" not in repr(sent) + repr(Wire(sent))
        with pytest.raises(ElasticError, match="does not know who you are") as caught:
            answers(find(gate.url, username="elastic", password="s3cr3t-wrong"))
        assert caught.value.code == "password"
        assert "s3cr3t" not in str(caught.value)


def test_user_and_password_in_an_address(elastic: Cluster, index: str) -> None:
    with Gate(elastic.url, authorization="Basic " + base64.b64encode(b"me:s3cr3t/@").decode()) as gate:
        host = gate.url.removeprefix("http://")
        there = Elastic(f"es+http://me:s3cr3t%2F%40@{host}/{index}")
        found = there.check()
        assert found.version
        assert found.problem is not None
        assert "s3cr3t" not in repr(there) + str(found.problem)
        assert answers(find(environ={"ES_URL": f"http://me:s3cr3t%2F%40@{host}"}))


def test_what_is_given_goes_before_what_is_set() -> None:
    environ = {"ES_URL": "http://two:1", "ES_API_KEY": "two"}
    settings = {"url": "http://three:1", "username": "three", "password": "3", "timeout": 5}
    assert find("http://one:1", environ, settings, bearer_token="1").authorization == "Bearer 1"
    assert find(None, environ, settings).authorization == "ApiKey two"
    assert find(None, environ, settings).hosts == ("http://two:1",)
    third = find(None, {"ES_PASSWORD": "from the environment"}, {"url": "http://three:1", "username": "three"})
    assert base64.b64decode(third.authorization.removeprefix("Basic ")) == b"three:from the environment"
    assert find(None, environ, settings).timeout == 5


def test_settings_come_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "attackviz.toml").write_text('[elastic]\nurl = "https://one:1"\napi_key = "s3cr3t"\n')
    settings = load_settings(environ={}, directory=tmp_path)
    assert Connection.find(environ={}, settings=settings).authorization == "ApiKey s3cr3t"
    assert "s3cr3t" not in repr(settings)


@pytest.mark.parametrize(
    ("environ", "settings", "given", "kind", "words"),
    [
        ({}, {}, {}, UsageError, "no cluster is named"),
        ({"ES_URL": "http://h", "ES_CLOUD_ID": "x"}, {}, {}, UsageError, "both a URL and a cloud id"),
        ({"ES_URL": "http://h", "ES_API_KEY": "s3cr3t", "ES_USERNAME": "u"}, {}, {}, UsageError, "two ways"),
        ({"ES_URL": "http://h", "ES_USERNAME": "u"}, {}, {}, UsageError, "without a password"),
        ({"ES_URL": "http://h", "ES_API_KEY_FILE": "/nonexistent"}, {}, {}, SettingsError, "cannot be read"),
        ({}, {"url": "http://h", "passwort": "s3cr3t"}, {}, SettingsError, "'passwort' is not known"),
        ({}, {"url": "http://h", "password": 5}, {}, SettingsError, "wrong type"),
        ({}, {"url": "http://h", "verify_certs": "no"}, {}, SettingsError, "wrong type"),
        ({"ES_URL": "http://h"}, {}, {"apikey": "s3cr3t"}, SettingsError, "'apikey' is not known"),
        ({"ES_URL": "http://h", "ES_API_KEY": "s3cr3t\nOther"}, {}, {}, UsageError, "characters that none has"),
        ({"ES_URL": "http://h"}, {}, {"bearer_token": "s3cr3té"}, UsageError, "characters that none has"),
        ({"ES_URL": "http://h"}, {}, {"timeout": 0}, SettingsError, "no time to wait"),
    ],
)
def test_what_is_set_wrong(environ: dict, settings: dict, given: dict, kind: type, words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        find(None, environ, settings, **given)
    assert "s3cr3t" not in str(caught.value)


def test_cloud_ids() -> None:
    text = base64.b64encode(b"example.org:9243$abc$def").decode()
    there = find(cloud_id=f"staging:{text}", api_key="k")
    assert there.name == "cloud staging"
    assert there.transport().node_pool.get().config.host == "abc.example.org"
    with pytest.raises(UsageError, match="cloud id is none"):
        find(cloud_id="staging").transport()


def test_certificates(elastic: Cluster, tmp_path: Path) -> None:
    good, other = certificate(tmp_path), certificate(tmp_path, "elsewhere.example")
    expired = certificate(tmp_path, days=-1)
    with Gate(elastic.url, authorization=BASIC, tls=good) as gate:
        me = {"username": "elastic", "password": SECRET}
        assert answers(find(gate.url, ca_certs=str(good[0]), **me))
        assert answers(find(gate.url, environ={"ES_CA_CERTS": str(good[0])}, **me))
        with pytest.warns(AttackvizWarning, match="will not be checked"):
            unverified = find(gate.url, verify_certs=False, **me)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert answers(unverified)  # and says so once only
        for url, given, words in (
            (gate.url, {}, "its certificate is not trusted"),
            (gate.url, {"ca_certs": str(other[0])}, "its certificate is not trusted"),
            (gate.url.replace("https", "http"), {}, "the connection broke"),
            (elastic.url.replace("http", "https"), {}, "it does not speak TLS"),
            (gate.url, {"ca_certs": str(tmp_path / "nothing")}, "no such file of authorities"),
            (gate.url, {"ca_certs": str(good[1])}, "it holds no certificates"),
        ):
            with pytest.raises(AttackvizError, match=words):
                answers(find(url, **given, **me))
    for pair, words in ((other, "is for another name"), (expired, "has expired")):
        with Gate(elastic.url, tls=pair) as gate, pytest.raises(ElasticError, match=words) as caught:
            answers(find(gate.url, ca_certs=str(pair[0])))
        assert caught.value.code == "tls"
