"""What `tests/benchmarks/gpu_check.py` runs: stages, trainings, and what is asked of each."""
