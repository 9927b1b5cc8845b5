"""The user's cohort: its case table, annotations and folds, checked, and sheets to look at."""
