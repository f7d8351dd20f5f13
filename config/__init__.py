"""Site configuration. Importing it puts a safe SQLite in place before Django looks for one."""

from config.sqlite import use_bundled_sqlite

use_bundled_sqlite()
