"""The benchmarks: the whole service as `incident up` runs it, measured from outside, written to docs/benchmarks.md."""
