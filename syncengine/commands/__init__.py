"""What each command does, a file for each kind of them. `cli` imports only the one that is called."""
