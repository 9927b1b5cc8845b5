"""The user's cohort: its case table, annotations and folds, checks of all of them, and sheets to look at."""
