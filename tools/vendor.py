"""Copy the files of browser packages that the pages use (package.json, browserFiles) to .vendor/vendor."""

import json
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Make .vendor/vendor anew; an unknown file raises FileNotFoundError naming it."""
    shutil.rmtree(ROOT / ".vendor", ignore_errors=True)
    folder = ROOT / ".vendor" / "vendor"
    folder.mkdir(parents=True)
    for name in json.loads((ROOT / "package.json").read_text())["browserFiles"]:
        shutil.copyfile(ROOT / "node_modules" / name, folder / Path(name).name)


if __name__ == "__main__":
    main()
