"""Pictures of any size: decoded once into mapped files, and cut into images from there."""
