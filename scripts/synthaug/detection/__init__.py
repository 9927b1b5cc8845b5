"""Detection: boxes of lesions in slices."""
