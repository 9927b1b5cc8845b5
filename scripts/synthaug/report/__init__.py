"""What every task's report shares: the look of figures, numbers in words, and its common figures and tables."""
