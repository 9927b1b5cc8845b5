"""How good synthetic images are: likeness to real ones, and the search for copies of training images."""
