"""What people send: `answers` from candidates, `office` from those who edit banks and exams."""
