"""The command line, a module per subject, each imported only when it is called."""
