"""tools/scale: which cluster shape serves which workload. Measures in emulators, simulates beyond them, draws."""
