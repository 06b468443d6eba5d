"""What ``.ci/gpu`` is made of: stages, their running, their summary, and the packing for a trip."""
