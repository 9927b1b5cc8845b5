"""The task of Frid-Adar et al. 2018: classes of lesion ROIs; samples, models, measures and tables."""
