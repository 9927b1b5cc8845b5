"""Results computed again from what they were made of: what the scripts `recompute_results_<task>.py` share."""
