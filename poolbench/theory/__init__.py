"""What can be calculated about pooling without training anything: numbers in, numbers out.

Everything here is arithmetic on whole numbers, fractions and small arrays; nothing needs torch.
"""
