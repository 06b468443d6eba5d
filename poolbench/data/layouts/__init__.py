"""Layouts of pictures besides class folders: tables, tar shards, data sets of Hugging Face."""
