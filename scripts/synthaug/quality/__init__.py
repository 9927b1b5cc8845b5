"""How good synthetic images are: how like real ones they are, and whether they copy training images."""
