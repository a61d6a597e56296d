"""Views count every event, weighted, and say what they cannot show."""

import cartopy.crs as ccrs
import geoviews as gv
import holoviews as hv
import numpy as np
import pandas as pd
import pytest

from attackviz import views
from attackviz.errors import SchemaError, UsageError
from attackviz.views import data


def frame_of(elements):
    return pd.concat([element.dframe() for element in elements], ignore_index=True)


def points(overlay):
    return overlay.get(len(overlay) - 1)


def test_a_map_holds_every_located_event(events, weight):
    marks = points(views.map(events)).dframe()
    located = events["src_lat"].notna()
    assert marks["events"].sum() == weight[located].sum()
    expected = weight[located].groupby(events["category"].astype(object).fillna("unknown")[located]).sum()
    found = marks.groupby("category")["events"].sum()
    assert found.to_dict() == expected.rename({"ssh": "SSH", "vpn": "VPN portal", "unknown": "Unknown"}).to_dict()
    per_place = weight[located].groupby([events["src_lat"], events["src_lon"]]).sum()
    assert sorted(marks.groupby(["x", "y"])["events"].sum()) == sorted(per_place)


def test_a_map_says_how_many_have_no_place(events, weight):
    total, without = weight.sum(), weight[events["src_lat"].isna()].sum()
    title = hv.render(views.map(events), backend="bokeh").title.text
    assert title == f"{total:,} events, {without:,} ({100 * without / total:.1f} %) without a location"


def test_marks_west_of_the_seam_are_drawn_in_the_east(events):
    x = points(views.map(events)).dimension_values("x")
    west, east = (np.radians(lon) * 6_378_137 for lon in (-169, 191))
    assert x.min() >= west and x.max() <= east
    assert np.isclose(x, np.radians(185.0) * 6_378_137).any()


def test_a_timeline_holds_every_timed_event_in_its_bar(events, weight):
    bars = frame_of(views.timeline(events, bins=30))
    assert bars["events"].sum() == weight[events["time"].notna()].sum()
    hours = events["time"].dt.tz_localize(None).dt.floor("h")
    expected = weight.groupby([hours, events["category"].astype(object).fillna("unknown")]).sum()
    words = {"SSH": "ssh", "VPN portal": "vpn", "Unknown": "unknown"}
    found = bars.set_index(["time", bars["category"].replace(words)])["events"]
    assert found.sort_index().to_dict() == expected.sort_index().to_dict()
    assert (bars["end"] - bars["time"]).unique().tolist() == [pd.Timedelta(hours=1)]


def test_bars_are_stacked_without_gap_or_overlap(events):
    bars = frame_of(views.timeline(events, bins=30))
    assert ((bars["top"] - bars["base"]) == bars["events"]).all()
    for _, stack in bars.sort_values("base").groupby("time"):
        assert stack["base"].iloc[0] == 0
        assert (stack["base"].iloc[1:].to_numpy() == stack["top"].iloc[:-1].to_numpy()).all()


def test_a_timeline_says_how_many_have_no_time(events, weight):
    plot = hv.render(views.timeline(events), backend="bokeh")
    assert f"{weight[events['time'].isna()].sum():,} (" in plot.title.text
    assert plot.title.text.endswith("without a time")


@pytest.mark.parametrize("field", ["src_country", "src_ip", "rule", "category"])
def test_top_ranks_by_weight_and_keeps_what_is_missing(events, weight, field):
    bars = views.top(events, field, n=1000)
    found = dict(zip(bars.dimension_values(0), bars.dimension_values(1), strict=True))
    expected = weight.groupby(events[field].astype(object).fillna("unknown")).sum()
    assert found == expected.to_dict()
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_top_says_what_it_leaves_out(events, weight):
    bars = views.top(events, "src_country", n=3)
    title = hv.render(bars, backend="bokeh").title.text
    assert title == f"3 of 8 values, {bars.dimension_values(1).sum():,} of {weight.sum():,} events"


@pytest.mark.parametrize(
    ("backend", "theme", "rows"),
    [
        ("bokeh", "dark", 3000),
        ("bokeh", "light", 1),
        ("bokeh", "dark", 0),
        ("matplotlib", "light", 3000),
        ("matplotlib", "dark", 0),
    ],
)
def test_every_view_renders(events, backend, theme, rows):
    some = events.iloc[:rows]
    for view in (views.map(some, theme=theme), views.timeline(some, theme=theme), views.top(some, "rule", theme=theme)):
        assert hv.render(view, backend=backend) is not None


def test_matplotlib_draws_the_bars_where_the_days_are(events):
    figure = hv.render(views.timeline(events, by=None, bins=30), backend="matplotlib")
    axes = figure.axes[0]
    tops = [path.get_extents() for path in axes.collections[0].get_paths()]
    day = pd.Timestamp("2025-02-18").timestamp() / 86400
    assert min(box.x0 for box in tops) == pytest.approx(day)
    assert axes.get_xlim() == pytest.approx((day, day + 1), abs=0.1)
    assert sum(round(box.height) for box in tops) == frame_of(views.timeline(events, by=None))["events"].sum()


def test_views_lie_over_each_other_and_take_the_users_own_elements(events):
    site = gv.Points([(14.4, 50.1)], crs=ccrs.PlateCarree())
    assert len(hv.render(views.map(events) * site, backend="bokeh").renderers) == 5


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_figure_beneath_the_player_is_bare_and_knows_its_parts(theme):
    plot = hv.render(views.figure(theme), backend="bokeh")
    assert [r.name for r in plot.renderers] == [f"basemap-{n}" for n in ("graticule", "land", "lakes", "borders")]
    assert plot.min_border == plot.min_border_left == plot.min_border_top == 0
    assert plot.toolbar_location is None
    assert not [axis for axis in plot.axis if axis.visible]
    assert plot.sizing_mode == "stretch_both"
    assert type(plot.toolbar.active_scroll).__name__ == "WheelZoomTool"
    assert type(plot.toolbar.active_drag).__name__ == "PanTool"
    assert plot.output_backend == "canvas"
    lon = np.degrees([plot.x_range.start / 6_378_137, plot.x_range.end / 6_378_137])
    assert lon.tolist() == pytest.approx([-169, 191])


def test_the_outlines_cover_the_map_without_a_bar_across_it():
    for rings in data_shapes().values():
        for ring in rings:
            assert np.abs(np.diff(ring[:, 0])).max(initial=0) < 5_000_000


def data_shapes():
    from attackviz.views.basemap import shapes

    return shapes()


def test_what_is_not_there_is_said(events):
    with pytest.raises(SchemaError, match=r"no column 'src_lat'; .* add places with attackviz.enrich"):
        views.map(events[["time"]])
    with pytest.raises(SchemaError, match="no column 'nope'"):
        views.top(events, "nope")
    with pytest.raises(SchemaError, match="no column 'nope'"):
        views.timeline(events, by="nope")
    with pytest.raises(UsageError, match="no theme 'sepia'; choose dark or light"):
        views.map(events, theme="sepia")


@pytest.mark.parametrize(("seconds", "bins"), [(1, 200), (86400, 24), (86400 * 400, 200), (59, 60), (10**9, 10)])
def test_there_are_never_more_bars_than_asked_for(seconds, bins):
    start = pd.Timestamp("2001-02-03 04:05:06", tz="UTC")
    frame = pd.DataFrame({"time": [start, start + pd.Timedelta(seconds=seconds)]})
    totals, width = data.by_time(frame, None, bins)
    assert totals["events"].tolist() == [1, 1]
    assert (totals["time"].iloc[-1] - totals["time"].iloc[0]) / width + 1 <= bins


def test_equal_names_of_unequal_values_are_one_name():
    frame = pd.DataFrame({"time": pd.to_datetime(["2025-01-01"] * 4, utc=True), "port": [22, "22", None, "unknown"]})
    assert data.by_value(frame, "port") == {"22": 2, "unknown": 2}
