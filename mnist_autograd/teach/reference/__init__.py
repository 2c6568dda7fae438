"""What is looked up: the rules of differentiation, and the same in PyTorch and JAX, proved and as tables."""
