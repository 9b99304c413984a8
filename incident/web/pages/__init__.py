"""The pages people use, a module per subject. Each asks the door for changes and the read model for what it shows."""
