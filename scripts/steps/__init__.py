"""What several scripts share; a script of its own name runs each rule."""
