"""A run or a plan for people and for scripts: in the terminal, as HTML, JSON and CSV. Decides nothing."""
