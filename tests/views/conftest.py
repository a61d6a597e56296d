"""Events to look at, and HoloViews with both backends."""

import warnings

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session", autouse=True)
def holoviews():
    """Load both backends once."""
    import geoviews as gv

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        gv.extension("bokeh", "matplotlib")


@pytest.fixture(scope="session")
def events():
    """Return 3,000 seeded events: some without a time, a place, a category; some of weight."""
    random = np.random.default_rng(20250218)
    n = 3000
    place = random.integers(0, 40, n)
    unlocated, untimed = random.random(n) < 0.05, random.random(n) < 0.02
    lat, lon = random.uniform(-60, 75, 40), random.uniform(-180, 180, 40)
    lon[0] = -175.0  # west of the seam
    time = pd.Series(pd.Timestamp("2025-02-18", tz="UTC") + pd.to_timedelta(random.integers(0, 86400, n), unit="s"))
    category = pd.Series(random.choice(["ssh", "vpn", "weird <b>", None], n, p=[0.5, 0.3, 0.15, 0.05]), dtype=object)
    return pd.DataFrame(
        {
            "time": time.mask(untimed),
            "src_ip": pd.Series([f"192.0.2.{p}" for p in place], dtype=object).mask(random.random(n) < 0.01),
            "category": category.astype("category"),
            "rule": pd.Series(random.choice(["login", "<script>alert(1)</script>"], n), dtype="str"),
            "count": pd.Series(random.integers(1, 4, n)).astype("UInt32").mask(random.random(n) < 0.1),
            "src_country": pd.Series([f"C{p % 7}" for p in place], dtype=object).mask(unlocated).astype("category"),
            "src_lat": pd.Series(lat[place], dtype="float32").mask(unlocated),
            "src_lon": pd.Series(lon[place], dtype="float32").mask(unlocated),
        }
    )


@pytest.fixture(scope="session")
def weight(events):
    """Return how many events each row stands for."""
    return events["count"].fillna(1).astype("int64")
