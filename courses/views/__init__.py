"""Pages of lessons, the addresses of study proof, and protected files."""
