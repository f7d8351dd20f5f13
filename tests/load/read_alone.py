"""Read a workbook with calamine and print the seconds it took: the yardstick of an import."""

import sys
import time

from python_calamine import CalamineWorkbook

if __name__ == "__main__":
    begun = time.perf_counter()
    with CalamineWorkbook.from_path(sys.argv[1]) as book:
        rows = book.get_sheet_by_index(0).to_python()
    if len(rows) < 2:
        raise SystemExit("the workbook is empty")
    sys.stdout.write(f"{time.perf_counter() - begun}\n")
