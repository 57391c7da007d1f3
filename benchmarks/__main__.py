"""Prints the table. Takes about two minutes."""

from rich.console import Console
from rich.table import Table

from benchmarks import crawl


def main() -> None:
    timings = crawl.measure()
    ours = next(timing for timing in timings if timing.way == "gigscrapy")
    table = Table("A league: 18 matches, 15 bookmakers", "seconds", "gigscrapy is", "quotes", box=None)
    for timing in timings:
        ratio = "" if timing is ours else f"{timing.seconds / ours.seconds:.2f} x"
        table.add_row(timing.way, f"{timing.seconds:.1f}", ratio, str(timing.quotes))
    Console().print(table)


if __name__ == "__main__":
    main()
