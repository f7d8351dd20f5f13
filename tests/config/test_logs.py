import json
import subprocess
import sys

from config.env import BASE_DIR

# A process of its own: structlog is set up once per process, and the suite's set-up is the readable one.
SCRIPT = """
import logging, logging.config
import structlog
from config.logs import logging_config

logging.config.dictConfig(logging_config(as_json=%s))

def fail(id_number):
    name = "王建国的姓名"
    raise ValueError("第 3 行")

structlog.contextvars.bind_contextvars(request_id="r-1")
structlog.get_logger("anxue.jobs").info("job_done", job="7", title="证书")
try:
    fail("110101" + "199001011234")
except ValueError:
    structlog.get_logger("anxue.jobs").exception("job_failed", job="8")
    logging.getLogger("django.request").error("Internal Server Error: %%s", "/tasks/", exc_info=True)
logging.getLogger("anxue").debug("too fine")
logging.getLogger("somebody.else").info("not of interest")
"""


def lines(as_json):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT % as_json], cwd=BASE_DIR, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert "110101199001011234" not in done.stderr
    assert "王建国" not in done.stderr.replace('name = "王建国的姓名"', "")
    return done.stderr.splitlines()


def test_json_log_has_one_object_per_event():
    done, failed, foreign = [json.loads(line) for line in lines(as_json=True)]
    assert (done["event"], done["job"], done["title"], done["level"]) == ("job_done", "7", "证书", "info")
    assert (done["logger"], done["request_id"]) == ("anxue.jobs", "r-1")
    assert done["timestamp"].endswith("Z")
    assert failed["event"] == "job_failed"
    assert failed["exception"].splitlines()[-1] == "ValueError: 第 3 行"
    assert foreign["event"] == "Internal Server Error: /tasks/"
    assert (foreign["logger"], foreign["level"], foreign["request_id"]) == ("django.request", "error", "r-1")
    assert "Traceback" in foreign["exception"]


def test_readable_log_has_no_local_variables_either():
    text = "\n".join(lines(as_json=False))
    assert "job_done" in text
    assert "ValueError: 第 3 行" in text
    assert "id_number =" not in text
