"""How a classifier's training takes its images: one module for each way, which the loop knows by `use.Use` alone."""
