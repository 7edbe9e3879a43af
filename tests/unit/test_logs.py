"""The log: what a line holds, and that no canary gets into one, whoever logs it."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
import structlog
from pydantic import BaseModel, ValidationError

from bridge import logs
from schemas.batch import BatchKey, Level
from schemas.errors import RunError
from schemas.texts import T

ROOT = Path(__file__).parents[2]
ID_NO = "999901199001011234"
PHONE = "19900001234"
CANARIES = (
    ID_NO,
    PHONE,
    "999901 19900101 1234",
    "199-0000-1234",
    "99990119900101123X",
    "９９９９０１１９９００１０１１２３４",
)


@pytest.fixture
def stream() -> Iterator[io.BytesIO]:
    """A configured log; the process gets its own logging back afterwards."""
    root = logging.root
    before = root.handlers, root.level, logging.raiseExceptions
    stream = io.BytesIO()
    logs.configure("debug", stream)
    yield stream
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(capture=False)
    root.handlers, root.level, logging.raiseExceptions = before


def lines(stream: io.BytesIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail() -> None:
    phone = PHONE
    raise ValueError(f"bad phone {phone}")


def test_an_event_is_one_line_of_json_with_its_values(stream: io.BytesIO):
    structlog.get_logger().info("push.people_sent", rows=100, took_s=0.123456, batch=BatchKey(2025, "区", "一"))
    (line,) = lines(stream)
    assert line.pop("time")
    assert line == {
        "event": "push.people_sent",
        "level": "info",
        "rows": 100,
        "took_s": 0.123,
        "batch": "2025/区/一",
    }


def test_words_of_a_closed_set_and_days_read_as_themselves(stream: io.BytesIO):
    structlog.get_logger().info(
        "run.began", business_date=date(2025, 5, 10), mode=Level.CITY, source=None, files=[1, True]
    )
    (line,) = lines(stream)
    assert (line["business_date"], line["mode"], line["source"], line["files"]) == (
        "2025-05-10",
        "city",
        None,
        [1, True],
    )


def test_an_unknown_key_is_dropped_and_counted(stream: io.BytesIO):
    structlog.get_logger().info("push.people_sent", rows=1, name="张三", phone=PHONE)
    (line,) = lines(stream)
    assert line["dropped"] == 2
    assert {"name", "phone"}.isdisjoint(line)


def test_an_event_that_is_a_sentence_is_replaced(stream: io.BytesIO):
    structlog.get_logger().info(f"sent {ID_NO} to the portal")
    assert lines(stream)[0]["event"] == "log.free_text"


def test_bound_values_come_along_with_each_event(stream: io.BytesIO):
    with structlog.contextvars.bound_contextvars(run="7", who=ID_NO):
        structlog.get_logger().info("run.began")
    (line,) = lines(stream)
    assert (line["run"], line["dropped"]) == ("7", 1)


@pytest.mark.parametrize("canary", [*CANARIES, int(ID_NO), int(PHONE), float(PHONE)], ids=lambda _: "canary")
@pytest.mark.parametrize("shape", [lambda c: c, lambda c: [c], lambda c: f"row of {c}, twice", lambda c: {c: c}])
def test_a_number_of_eleven_digits_or_more_does_not_pass_even_under_a_known_key(stream: io.BytesIO, canary, shape):
    structlog.get_logger().info("read.row_seen", file=shape(canary))
    assert "9999" not in stream.getvalue().decode()
    assert "1990000" not in stream.getvalue().decode()
    assert "199-0000" not in stream.getvalue().decode()


@pytest.mark.parametrize(
    "kept", ["a9016422600dc1c9ece96952232cbdb8", "2025-05-10", "2025-05-10T06:30:00+08:00", 1234567890]
)
def test_serials_days_and_counts_are_no_long_numbers(stream: io.BytesIO, kept: object):
    structlog.get_logger().info("read.row_seen", serial=kept)
    assert lines(stream)[0]["serial"] == kept


def test_of_an_object_only_its_type_is_told(stream: io.BytesIO):
    structlog.get_logger().info("read.row_seen", reason=ValueError(PHONE), state=httpx.URL("https://x/?id=1"))
    (line,) = lines(stream)
    assert (line["reason"], line["state"]) == ("ValueError", "URL")


def test_a_foreign_exception_is_told_by_type_and_place_only(stream: io.BytesIO):
    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("daemon.job_crashed")
    (line,) = lines(stream)
    assert line["error"] == "ValueError"
    assert [place.rpartition(":")[0].rpartition(".")[2] for place in line["trace"]] == ["test_logs", "test_logs"]
    assert PHONE not in stream.getvalue().decode()


def test_the_words_of_a_foreign_exception_are_told_by_nobody(stream: io.BytesIO):
    """A name has no shape that a second net could know."""
    name = "甲测试"
    try:
        {}[name]
    except KeyError:
        structlog.get_logger().exception("daemon.job_crashed")
        logging.getLogger("httpx").exception("GET https://portal/person?name=%s", name)
    assert len(lines(stream)) == 2
    assert name not in stream.getvalue().decode()


def test_our_own_exception_keeps_its_words_and_the_type_of_its_cause(stream: io.BytesIO):
    try:
        try:
            fail()
        except ValueError as error:
            raise RunError(T("The portal is down since {since}.", since="06:30")) from error
    except RunError as error:
        structlog.get_logger().error("daemon.job_failed", exc_info=error)
    (line,) = lines(stream)
    assert line["text"] == "The portal is down since 06:30."
    assert (line["error"], line["because"]) == ("schemas.errors.RunError", "ValueError")


def test_a_pydantic_error_shows_no_value(stream: io.BytesIO):
    class Person(BaseModel):
        phone: int

    with pytest.raises(ValidationError) as caught:
        Person.model_validate({"phone": f"x{PHONE}"})
    structlog.get_logger().error("read.row_refused", exc_info=caught.value, reason=str(caught.type))
    logging.getLogger("pydantic").error("could not validate: %s", caught.value, exc_info=caught.value)
    assert PHONE not in stream.getvalue().decode()
    assert len(lines(stream)) == 2


@pytest.mark.parametrize("name", ["httpx", "httpcore.connection", "apscheduler.executors.default", "tenacity", "root"])
def test_of_a_foreign_message_only_level_logger_and_place_are_kept(stream: io.BytesIO, name: str):
    logging.getLogger(name).error("GET https://x/?idCard=%s failed", ID_NO, extra={"phone": PHONE})
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["level"]) == ("log.free_text", name, "error")
    assert line["at"].startswith("test_logs:")
    assert not [canary for canary in CANARIES if canary in stream.getvalue().decode()]


def test_httpx_tells_no_url(stream: io.BytesIO):
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        client.get("https://portal.example.cn/person", params={"idCard": ID_NO})
    assert lines(stream) == []


def test_a_warning_goes_to_the_log_without_its_words(stream: io.BytesIO):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(f"unexpected value {PHONE}", stacklevel=1)
    assert lines(stream)[0]["logger"] == "py.warnings"
    assert PHONE not in stream.getvalue().decode()


def test_what_lies_below_the_level_is_not_written():
    stream = io.BytesIO()
    before = logging.root.handlers, logging.root.level
    logs.configure("error", stream)
    try:
        structlog.get_logger().warning("portal.call_repeated")
        logging.getLogger("httpx").warning("no")
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(capture=False)
        logging.root.handlers, logging.root.level = before
    assert stream.getvalue() == b""


class Broken(io.BytesIO):
    """A disk that is full."""

    def write(self, _line: object) -> int:
        raise OSError(28, "No space left on device")


class Unspeakable(str):
    """A value that fails while it is looked at."""

    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError(PHONE)


def test_a_full_disk_loses_the_line_and_not_the_run():
    logs.Lines(Broken()).msg(b"{}")


@pytest.mark.parametrize("value", [Unspeakable("x"), "\ud800", 2**70, float("nan"), object()])
def test_whatever_is_logged_nothing_is_raised(stream: io.BytesIO, value: object):
    structlog.get_logger().info("read.row_seen", reason=value)
    assert len(lines(stream)) == 1
    assert PHONE not in stream.getvalue().decode()


def test_a_foreign_record_that_cannot_be_formatted_is_still_one_line(stream: io.BytesIO):
    logging.getLogger("tenacity").warning("%d %d", *("one",))
    assert lines(stream)[0]["logger"] == "tenacity"


def test_importing_the_log_does_not_load_rich_or_structlog():
    code = "import sys, bridge.logs; print([m for m in ('rich', 'structlog', 'asyncio') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def logged(path: Path) -> Iterator[ast.Call]:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return (call for call in calls if re.match(r"_?log\.\w+\(", ast.unparse(call)))


@pytest.mark.parametrize("room", ["bridge", "adapters"])
def test_every_event_in_the_code_has_a_proper_name_and_only_keys_that_are_kept(room: str):
    calls = [call for path in (ROOT / room).rglob("*.py") for call in logged(path)]
    assert calls
    for call in calls:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", ast.literal_eval(call.args[0]))
        assert {keyword.arg for keyword in call.keywords} <= {*logs.ALLOWED, "exc_info"}, ast.unparse(call)
