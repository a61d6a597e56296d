"""The film most people would write: ``python -m benchmarks.today.film PARQUET FILM LENGTH PART``.

It prints what it took, as JSON. `FuncAnimation` over a scatter of the last hours,
at the same size and rate; no map, no curves, no numbers. Of a film of so many
seconds it draws a part: whole seconds, spread evenly over it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from imageio_ffmpeg import get_ffmpeg_exe
from matplotlib import pyplot as plt
from matplotlib.animation import FFMpegWriter, FuncAnimation

FPS = 30
TRAIL = pd.Timedelta(hours=12)


def main() -> None:
    """Make the film, and time it alone."""
    parquet, out, length, part = sys.argv[1:]
    events = pd.read_parquet(parquet)
    mpl.rcParams["animation.ffmpeg_path"] = get_ffmpeg_exe()
    colours = {name: f"C{k}" for k, name in enumerate(sorted(events["category"].astype(str).unique()))}
    events["colour"] = events["category"].astype(str).map(colours)
    began = time.perf_counter()
    figure, axes = plt.subplots(figsize=(19.2, 10.8), dpi=100)
    axes.set(xlim=(-180, 180), ylim=(-60, 80))
    points = axes.scatter([], [], s=6)
    first, last = events["time"].iloc[0], events["time"].iloc[-1]
    frames = int(length) * FPS
    share = frames // int(part)
    drawn = [start + k for start in range((share - FPS) // 2, frames, share) for k in range(FPS)]

    def draw(frame: int) -> list[object]:
        now = first + (last - first) * frame / max(frames - 1, 1)
        shown = events[(events["time"] > now - TRAIL) & (events["time"] <= now)]
        points.set_offsets(shown[["src_lon", "src_lat"]].to_numpy())
        points.set_color(shown["colour"].tolist() or "none")
        axes.set_title(str(now))
        return [points]

    FuncAnimation(figure, draw, frames=drawn, blit=False).save(out, writer=FFMpegWriter(fps=FPS))
    print(json.dumps({"seconds": time.perf_counter() - began, "mb": Path(out).stat().st_size / 1e6}))


if __name__ == "__main__":
    main()
