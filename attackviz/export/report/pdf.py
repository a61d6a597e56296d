"""A report as a PDF: printed by a headless Chromium that has no network and runs no script."""

from __future__ import annotations

import html

from ...errors import ExportError
from ..browser import aside, chromium, plain_words

__all__ = ["check", "to_pdf"]

WHAT = "a PDF"
_FOOT = (
    '<div style="width:100%;margin:0 15mm;display:flex;justify-content:space-between;'
    'font:8px/1.2 system-ui,sans-serif;color:#5D6877">'
    '<span style="max-width:75%;overflow:hidden;white-space:nowrap;text-overflow:ellipsis">{}</span>'
    '<span><span class="pageNumber"></span> of <span class="totalPages"></span></span></div>'
)


def check() -> None:
    """Start the browser and close it again.

    Raises
    ------
    MissingDependencyError, ExportError
        If there is none to print with.
    """
    aside(_started)


def to_pdf(page: str, title: str, span: str) -> bytes:
    """Print a page.

    Parameters
    ----------
    page : str
        HTML that needs no other file.
    title, span : str
        What stands at the foot of every sheet.

    Returns
    -------
    bytes
        A tagged PDF of A4 sheets with an outline.

    Raises
    ------
    MissingDependencyError, ExportError
        If there is no browser to print with, or it fails.
    """
    return aside(lambda: _printed(page, _FOOT.format(html.escape(f"{title} · {span}"))))


def _started() -> None:
    with chromium(WHAT):
        pass


def _printed(page: str, foot: str) -> bytes:
    with chromium(WHAT) as browser:
        from playwright.sync_api import Error

        context = browser.new_context(java_script_enabled=False, offline=True, service_workers="block")
        try:
            sheet = context.new_page()
            sheet.set_content(page, wait_until="load")
            return sheet.pdf(
                prefer_css_page_size=True,
                print_background=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=foot,
                tagged=True,
                outline=True,
            )
        except Error as error:
            raise ExportError(f"the PDF cannot be made: {plain_words(str(error))}", hint="save it as .html") from None
        finally:
            context.close()
