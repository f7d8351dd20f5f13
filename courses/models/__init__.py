"""Courses: Wagtail pages people learn from, the files in them, and the proof of study."""

from courses.models.library import Attachment, Film, FilmSubtitle, Picture, PictureRendition
from courses.models.pages import (
    CourseLesson,
    CoursePage,
    LearningHomePage,
    LessonPage,
    OperatingRulePage,
    PolicySpeechPage,
    ShelfPage,
    WarningCasePage,
)
from courses.models.study import PlaySession, StudyBeat, StudyProgress, StudyRecord

__all__ = [
    "Attachment",
    "CourseLesson",
    "CoursePage",
    "Film",
    "FilmSubtitle",
    "LearningHomePage",
    "LessonPage",
    "OperatingRulePage",
    "Picture",
    "PictureRendition",
    "PlaySession",
    "PolicySpeechPage",
    "ShelfPage",
    "StudyBeat",
    "StudyProgress",
    "StudyRecord",
    "WarningCasePage",
]
