"""Options for every backend in use, so that a view looks the same in Bokeh and Matplotlib."""

from __future__ import annotations

from typing import Any

__all__ = ["backends", "dress", "ground", "offline"]

from .style import Theme


def backends() -> list[str]:
    """Return the HoloViews backends in use; Bokeh is loaded where there is none.

    Returns
    -------
    list of str
        Of ``"bokeh"`` and ``"matplotlib"``.
    """
    import geoviews  # noqa: F401 - its elements are known to HoloViews from then on
    import holoviews as hv

    if not hv.Store.renderers:
        offline()
    if "bokeh" in hv.Store.renderers:
        # WebGL loses glyphs, and without a GPU is far slower.
        hv.renderer("bokeh").webgl = False
    return [name for name in ("bokeh", "matplotlib") if name in hv.Store.renderers]


def offline() -> None:
    """Load HoloViews for Bokeh, so that what it shows in a notebook asks nothing of the network.

    Call it in the first cell; scripts and style sheets then stand in the
    notebook itself. HoloViews alone takes some of them from a server.

    Examples
    --------
    >>> offline()
    """
    import holoviews as hv
    from panel.viewable import Viewable

    if _stand_in not in Viewable._preprocessing_hooks:
        Viewable._preprocessing_hooks.append(_stand_in)
    hv.extension("bokeh", inline=True)


def _stand_in(viewable: Any, root: Any) -> None:
    # Scripts stand in the notebook with inline=True; Panel's own style sheets do not.
    from bokeh.models import UIElement
    from panel.io.notebook import patch_inline_stylesheets

    for model in root.select({"type": UIElement}):
        patch_inline_stylesheets(model)


def dress(element: Any, bokeh: dict[str, Any], matplotlib: dict[str, Any]) -> Any:
    """Give an element its options for each backend in use.

    Parameters
    ----------
    element : holoviews.Element or Overlay
    bokeh, matplotlib : dict
        Options by name. Of filled shapes, Matplotlib needs ``color`` beside
        ``facecolor``: with both backends loaded, HoloViews lets Bokeh's default
        for it through.

    Returns
    -------
    holoviews.Element or Overlay
    """
    options = {"bokeh": bokeh, "matplotlib": matplotlib}
    for name in backends():
        element = element.opts(backend=name, **options[name])
    return element


def ground(look: Theme) -> Any:
    """Return a hook that paints what lies around a Bokeh plot.

    Parameters
    ----------
    look : Theme
    """

    def hook(plot: Any, element: object) -> None:
        figure = plot.state
        figure.border_fill_color = look.panel
        figure.outline_line_color = None
        figure.title.text_color = look.ink
        for axis in figure.axis:
            axis.axis_label_text_color = axis.major_label_text_color = look.ink_dim
            axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = look.line
        for grid in figure.grid:
            grid.grid_line_color = look.line
            grid.grid_line_alpha = 0.5
        for legend in figure.legend:
            legend.background_fill_color, legend.background_fill_alpha = look.panel, 0.9
            legend.label_text_color, legend.border_line_color = look.ink, look.line

    return hook
