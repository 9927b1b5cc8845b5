"""How networks are trained, whatever they are: device, captured steps, loop state, checkpoints, weights."""
