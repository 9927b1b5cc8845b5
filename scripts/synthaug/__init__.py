"""Synthaug: does synthetic augmentation improve a classifier trained on a small medical-image cohort?"""
