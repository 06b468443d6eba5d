"""Adversarial probes: how many test images a network still classifies when they are perturbed."""
