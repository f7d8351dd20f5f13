"""What the bench measures of looking for irregularities: 2,000 attempts of 20 questions, read and compared."""

import time
from typing import Any

from exams.findings import overlaps, shared_devices, similar_answers, similar_timing, too_fast
from exams.queries.finding_inputs import finding_inputs
from tests.exams.cohort import CHEATERS, make_cohort
from tests.load.exam_figures import ATTEMPTS, SLOTS, Report


def irregularities(report: Report, exam: Any) -> None:
    """Read the attempts of an exam as the search does, and compare a cohort of as many people with each other.

    The cohort shares one paper, so that all two million pairs can be compared: the most work there is.
    """
    begun = time.perf_counter()
    read = finding_inputs(exam.pk)
    report("irregularities_read_2000x20", time.perf_counter() - begun, "s")
    if read.attempts != ATTEMPTS:
        raise RuntimeError(f"{read.attempts} attempts were read")
    cohort = make_cohort(1, people=ATTEMPTS, paper=SLOTS, bank=SLOTS)
    begun = time.perf_counter()
    similar_answers(cohort.vectors)
    report("similar_answers_2000x20", time.perf_counter() - begun, "s")
    begun = time.perf_counter()
    similar_timing(cohort.rhythms)
    report("similar_timing_2000x20", time.perf_counter() - begun, "s")
    begun = time.perf_counter()
    rows = shared_devices(cohort.uses)
    overlaps(cohort.saves)
    fast = [attempt for attempt, timed in cohort.timed.items() if too_fast(timed)]
    report("places_and_speed_2000x20", time.perf_counter() - begun, "s")
    if not rows or not fast or len(fast) > CHEATERS:
        raise RuntimeError(f"{len(rows)} rows and {len(fast)} quick ones were found")
