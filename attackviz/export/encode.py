"""Frames to films: the ffmpeg that is installed with the extra, and how it is asked."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import ExportError, MissingDependencyError

__all__ = ["FILMS", "Encoder", "encoder"]

FILMS = (".mp4", ".webm", ".gif")
INSTALL = "pip install 'attackviz[film]'"

# Film players take numbers for brightness as television has them; said in the file, so that none has to guess.
_COLOUR = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
_YUV = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
_CODECS = {
    ".mp4": ["-vf", _YUV, "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", *_COLOUR],
    ".webm": ["-vf", _YUV, "-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-deadline", "realtime", "-cpu-used", "6",
              "-row-mt", "1", *_COLOUR],
    ".gif": ["-c:v", "copy"],  # frames as they are: its 256 colours are chosen of all of them, at the end
}  # fmt: skip
_HOLD = {".mp4": ".mp4", ".webm": ".webm", ".gif": ".mkv"}


class Encoder:
    """Make pieces of a film of PNG frames, and one film of the pieces.

    Parameters
    ----------
    program : str
        Path of ffmpeg.
    kind : {".mp4", ".webm", ".gif"}
    fps : int
        Frames a second.
    """

    def __init__(self, program: str, kind: str, fps: int) -> None:
        self._program, self._kind, self.fps = program, kind, fps

    @property
    def suffix(self) -> str:
        """Of a piece."""
        return _HOLD[self._kind]

    def piece(self, frames: Iterable[bytes], path: Path) -> None:
        """Write frames as one piece, which begins anew and stands for itself; it appears when it is whole."""
        part = path.with_suffix(f".part{path.suffix}")
        begin = ["-f", "image2pipe", "-framerate", str(self.fps), "-c:v", "png", "-i", "-"]
        with self._running([*begin, *_CODECS[self._kind], str(part)]) as into:
            for frame in frames:
                into.write(frame)
        part.replace(path)

    def join(self, pieces: list[Path], path: Path, loop: bool) -> None:
        """Write one film of pieces; `loop` is whether a GIF begins again at its end."""
        # Named without a directory, so that no path needs quoting.
        listed = path.with_name("pieces.txt")
        listed.write_text("".join(f"file {piece.name}\n" for piece in pieces), encoding="ascii")
        source = ["-f", "concat", "-i", listed.name]
        if self._kind != ".gif":
            self._run([*source, "-c", "copy", "-movflags", "+faststart", path.name], path.parent)
            return
        self._run(
            [*source, "-vf", "palettegen=stats_mode=full", "-frames:v", "1", "-update", "1", "colours.png"], path.parent
        )
        use = ["-lavfi", "[0:v][1:v]paletteuse=dither=none:diff_mode=rectangle", "-loop", "0" if loop else "-1"]
        self._run([*source, "-i", "colours.png", *use, path.name], path.parent)

    def _run(self, arguments: list[str], directory: Path) -> None:
        with self._running(arguments, directory):
            pass

    @contextmanager
    def _running(self, arguments: list[str], directory: Path | None = None) -> Iterator[IO[bytes]]:
        line = [self._program, "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments[:-1]]
        line += ["-fflags", "+bitexact", "-flags", "+bitexact", "-map_metadata", "-1", arguments[-1]]
        line = [each for each in line if each != "-nostdin"] if "-" in arguments else line
        with tempfile.TemporaryFile() as said:
            try:
                process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                    line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, cwd=directory
                )
            except OSError as wrong:
                raise MissingDependencyError(
                    f"ffmpeg does not start: {self._program}: {wrong.strerror or wrong}", hint=INSTALL
                ) from None
            assert process.stdin is not None
            failed = False
            try:
                yield process.stdin
            except BrokenPipeError:
                failed = True
            except BaseException:
                process.kill()
                process.wait()
                raise
            try:
                process.stdin.close()
            except BrokenPipeError:
                failed = True
            if process.wait() or failed:
                said.seek(0)
                words = said.read().decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
                raise ExportError(
                    f"ffmpeg failed: {words[-1]}", hint="check that there is room on the disk, and try again"
                )


def encoder(kind: str, fps: int) -> Encoder:
    """Return what encodes films, or say how to get it.

    Parameters
    ----------
    kind : {".mp4", ".webm", ".gif"}
    fps : int

    Raises
    ------
    MissingDependencyError
        If there is no ffmpeg.
    """
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        program = get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise MissingDependencyError(
            f"a film as {kind} needs ffmpeg, which is not installed",
            hint=f"{INSTALL}; pages and stills (.html, .svg) need nothing more",
        ) from None
    return Encoder(program, kind, fps)
