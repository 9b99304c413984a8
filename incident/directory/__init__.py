"""Units, posts, people, duty rota: import, export, coverage, the sample province."""
