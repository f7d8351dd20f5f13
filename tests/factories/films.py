"""Small real films, made with ffmpeg."""

import subprocess
from pathlib import Path


def make_film(path: Path, *, seconds: int = 3, options: tuple[str, ...] = (), sound: bool = True) -> Path:
    """Draw a test film of 160×90 pixels; `options` are ffmpeg's for the output and win over the usual ones."""
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc=size=160x90:rate=10:d={seconds}"]
    if sound:
        command += [
            "-f",
            "lavfi",
            "-i",
            f"sine=frequency=440:duration={seconds}",
            "-c:a",
            "aac",
            "-b:a",
            "32k",
        ]
    command += ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "10"]
    subprocess.run([*command, *options, str(path)], check=True, timeout=600)
    return path
