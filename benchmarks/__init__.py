"""One command prints the figures of the README: ``python -m benchmarks``. Speeds are ratios, measured in one run."""
