"""One file a step, named 0001_what_it_does."""
