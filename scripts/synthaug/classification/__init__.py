"""The task of Frid-Adar et al. 2018, to classify lesion ROIs: its samples, models, measures and tables."""
