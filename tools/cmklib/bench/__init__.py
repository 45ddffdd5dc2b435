"""Benchmarks: runs them, gathers their figures, compares and draws (tools/bench)."""
