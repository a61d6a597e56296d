"""Notes of one's own, in Markdown: text, lists, tables and links; neither HTML nor pictures from elsewhere."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

__all__ = ["to_html"]

_LINKS = re.compile(r"(https?|mailto):", re.IGNORECASE)
BELOW = 2
"""Headings of notes stand below those of the report."""


def to_html(text: str) -> str:
    r"""Return Markdown (CommonMark and tables) as HTML that may stand in a report.

    Tags in it are shown as they are written, pictures are not fetched, and
    links lead to web pages and mail only.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> print(to_html("# Why\n<b>*Rule* deployed</b> [x](javascript:alert(1))"))
    <h3>Why</h3>
    <p>&lt;b&gt;<em>Rule</em> deployed&lt;/b&gt; [x](javascript:alert(1))</p>
    <BLANKLINE>
    """
    parser = _parser()
    tokens = parser.parse(text.replace("\x00", "\ufffd"))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + BELOW, 6)}"
    return str(parser.renderer.render(tokens, parser.options, {}))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    parser.validateLink = lambda url: bool(_LINKS.match(url))  # type: ignore[method-assign]
    return parser
