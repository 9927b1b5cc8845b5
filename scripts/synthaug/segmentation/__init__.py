"""Segmentation of lesions in axial slices: samples, segmenters, measures and tables."""
