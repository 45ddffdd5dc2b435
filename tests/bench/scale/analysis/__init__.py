"""tests/bench/scale/run: which cluster shape serves which workload. Measures in emulators,
simulates beyond them, draws.
"""
