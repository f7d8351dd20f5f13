"""Courses: Wagtail pages people learn from, the files in them, and the proof of study."""

from courses.models.course import CourseLesson, CoursePage, CoursePrerequisite
from courses.models.lessons import (
    Industry,
    LessonPage,
    OperatingRulePage,
    PackageLessonPage,
    PackageRule,
    PolicySpeechPage,
    SpeechLevel,
    WarningCasePage,
)
from courses.models.library import (
    Attachment,
    Film,
    FilmEncoding,
    FilmQuestion,
    FilmSubtitle,
    FilmUpload,
    Picture,
    PictureRendition,
    PlayerSettings,
    SubtitleLanguage,
)
from courses.models.packages import Package, PackageFile, PackageReport
from courses.models.pages import LearningHomePage, ShelfPage
from courses.models.review import ReviewTask
from courses.models.search import PageWords
from courses.models.study import LessonContent, PlaySession, StudyBeat, StudyCheck, StudyProgress, StudyRecord

__all__ = [
    "Attachment",
    "CourseLesson",
    "CoursePage",
    "CoursePrerequisite",
    "Film",
    "FilmEncoding",
    "FilmQuestion",
    "FilmSubtitle",
    "FilmUpload",
    "Industry",
    "LearningHomePage",
    "LessonContent",
    "LessonPage",
    "OperatingRulePage",
    "Package",
    "PackageFile",
    "PackageLessonPage",
    "PackageReport",
    "PackageRule",
    "PageWords",
    "Picture",
    "PictureRendition",
    "PlaySession",
    "PlayerSettings",
    "PolicySpeechPage",
    "ReviewTask",
    "ShelfPage",
    "SpeechLevel",
    "StudyBeat",
    "StudyCheck",
    "StudyProgress",
    "StudyRecord",
    "SubtitleLanguage",
    "WarningCasePage",
]
