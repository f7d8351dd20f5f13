"""Pages: `attempts` for candidates, `office` for those who edit banks and exams."""
