"""Calculations about pooling without any training: numbers in, numbers out.

Everything here is arithmetic on integers, fractions and small arrays; nothing needs torch.
"""
