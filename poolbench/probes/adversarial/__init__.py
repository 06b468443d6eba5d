"""Adversarial probes: the accuracy of a network on perturbed test images."""
