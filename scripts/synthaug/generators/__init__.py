"""Generators of synthetic images: families of networks, their training loop, and images made elsewhere."""
