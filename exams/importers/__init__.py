"""Question banks from and to other systems: one module for each format, and what binds them to the bank."""
