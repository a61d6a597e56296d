"""A window, or fewer columns, give the same rows as the whole read and cut afterwards; the account stays as it is."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from attackviz.open import scan
from attackviz.window import Window

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.iterdir() if "__" in path.name)
EVERY_SAMPLE = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def read(path, **options):
    with scan(path, year=2024, **options) as batches:
        tables = list(batches)
    return pa.concat_tables(tables, promote_options="default") if tables else None, batches.account


@EVERY_SAMPLE
def test_a_window_is_a_cut_of_the_whole(path):
    whole, account = read(path)
    times = sorted(time for time in whole["time"].to_pylist() if time)
    middle = times[len(times) // 2]
    before, after = times[0].replace(year=times[0].year - 1), middle.replace(year=middle.year + 1)
    for window in (Window(before, middle), Window(middle, after)):
        cut, accounted = read(path, window=window)
        inside = pc.and_(pc.greater_equal(whole["time"], window.start), pc.less(whole["time"], window.end))
        expected = whole.filter(pc.fill_null(inside, False)).to_pylist()
        assert ([] if cut is None else cut.to_pylist()) == expected
        assert (accounted.pieces, accounted.events, accounted.left_out) == (
            account.pieces,
            account.events,
            account.left_out,
        )
        assert accounted.outside == whole.num_rows - len(expected)


@EVERY_SAMPLE
def test_fewer_columns_are_the_same_ones(path):
    whole, account = read(path)
    for name in ("verdict", "rule", "src_ip"):
        some, accounted = read(path, columns=[name])
        names = [each for each in ("time", name) if each in whole.column_names]
        assert some.to_pylist() == whole.select(names).to_pylist()
        assert (accounted.pieces, accounted.events, accounted.left_out) == (
            account.pieces,
            account.events,
            account.left_out,
        )
