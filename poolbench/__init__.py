"""poolbench: a benchmark of pooling operators in convolutional networks."""

__version__ = "0.1.0"
