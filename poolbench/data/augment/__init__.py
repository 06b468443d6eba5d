"""Augmentations of whole batches of uint8 images."""
