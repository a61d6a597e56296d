"""Pull an index into an event table: ``python -m benchmarks.ours.pull URL INDEX SLICES``."""

from __future__ import annotations

import json
import sys
import time

from attackviz.elastic import Elastic


def main() -> None:
    """Pull twice, and print how many events there were and what the second time took."""
    url, index, slices = sys.argv[1:]
    elastic = Elastic(url, index)
    elastic.read(slices=1)  # as one stream that is long enough to load the compiled kernels for
    cpu, wall = time.process_time(), time.perf_counter()
    table = Elastic(url, index).read(slices=int(slices)).table
    took = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    print(json.dumps({"rows": table.num_rows, **took}))


if __name__ == "__main__":
    main()
