"""Which model chose the synthetic images of another one, as ``model.json`` says it."""

CHOSEN_BY = "chosen_by"  # arm and size of the model that chose, which has the same seed and folds
