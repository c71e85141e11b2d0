"""The page docs/paper.md: numbers from a results database, its table and its figure."""
