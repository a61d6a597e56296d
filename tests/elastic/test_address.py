"""Addresses: what they may say, and that nothing secret comes out of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.elastic import Address
from attackviz.elastic.wire import path
from attackviz.errors import AddressError


@pytest.mark.parametrize(
    ("text", "hosts", "index"),
    [
        ("es+http://localhost/attacks", ("http://localhost:9200",), "attacks"),
        ("es+https://a:9201,b,[::1]:9203/x-*", ("https://a:9201", "https://b:9200", "https://[::1]:9203"), "x-*"),
        ("es+https://[::1]/x", ("https://[::1]:9200",), "x"),
        ("es+https://host:443/behind/a/proxy/logs", ("https://host:443/behind/a/proxy",), "logs"),
        ("http://host:9200", ("http://host:9200",), ""),
        ("es:///attacks", (), "attacks"),
        ("es+http://h/%3Clogs-%7Bnow%2Fd%7D%3E", ("http://h:9200",), "<logs-{now/d}>"),
        ("es+http://h/logs-*,-logs-old,two:logs", ("http://h:9200",), "logs-*,-logs-old,two:logs"),
    ],
)
def test_what_an_address_says(text: str, hosts: tuple[str, ...], index: str) -> None:
    found = Address.parse(text)
    assert (found.hosts, found.index) == (hosts, index)
    assert Address.parse(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "es+ftp://h/x",
        "es+http:///x",
        "es+http://h:0/x",
        "es+http://h:99999/x",
        "es+http://h:abc/x",
        "es+http://h/x#part",
        "es+http://h/_search",
        "es+http://h/Logs",
        "es+http://h/a b",
        "es+http://h/..",
        "es+http://h/a,,b",
        "es+http://h/x?colour=red",
        "es+http://h/x?q=",
        "es+http://me@h/x",
        "es:///a/b",
        "es://h/x",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        Address.parse(text)
    assert caught.value.hint


@given(st.text("ab:@/?#[]%$ ,", max_size=12), st.sampled_from(["", "/x", "/X", "?q=1", "/x?bad=1", "#a"]))
def test_a_password_never_comes_out(noise: str, rest: str) -> None:
    text = f"es+https://me:s3cr3t{noise}@host{rest}"
    try:
        found = Address.parse(text)
    except AddressError as error:
        assert "s3cr3t" not in str(error)
    else:
        assert "s3cr3t" not in repr(found) + str(found)
        assert found.password is not None
        assert found.password.startswith("s3cr3t")


@given(st.text(max_size=20))
def test_nothing_of_a_name_leaves_its_part_of_a_path(name: str) -> None:
    whole = path(name or "x", "_search")
    assert whole.count("/") == 2
    assert not set(whole) & set("?#& \n%") - {"%"}
