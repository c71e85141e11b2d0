"""Run benchmarks: every ratio is between two things measured in the same run."""

import argparse
import tempfile
from pathlib import Path

from convolutions import bench_convolutions
from dashboard import bench_dashboard
from engine import bench_engine
from fixed_point import bench_fixed_point
from fronts import bench_fronts
from long_run import bench_long_run
from open_flow import bench_open
from opencl import bench_opencl
from rich.console import Console
from rich.table import Table
from searches import bench_searches
from streams import bench_streams

BENCHMARKS = {
    "bittrue": bench_fixed_point,
    "convolutions": bench_convolutions,
    "dashboard": bench_dashboard,
    "engine": bench_engine,
    "front": bench_fronts,
    "long_run": bench_long_run,
    "open": bench_open,
    "opencl": bench_opencl,
    "search": bench_searches,
    "streams": bench_streams,
}


def main() -> None:
    """Run the chosen benchmarks and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHMARKS)}; all by default")
    names = parser.parse_args().names or list(BENCHMARKS)
    table = Table(title="dse benchmarks")
    for column in ("benchmark", "measured", "value", "ratio or goal"):
        table.add_column(column)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            for row in BENCHMARKS[name](Path(folder)):
                table.add_row(name, *row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
