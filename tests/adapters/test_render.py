"""The report in its forms: what stands in the page, the workbook and the letter, and what must not."""

import io
import re
import subprocess
import zipfile
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from adapters.render import ReportRenderer, words
from adapters.render.page import MAIL_BYTES_MAX
from adapters.render.verdict import Tone, verdict
from schemas.finding import Bucket
from schemas.report import RunState
from schemas.texts import Language
from tests.adapters.report_texts import CODES
from tests.adapters.reports import HOSTILE, TODAY, clean_report, hostile_report, item, large_report, rich_report

ZH, EN = Language.ZH_CN, Language.EN
chinese = ReportRenderer(ZH)
english = ReportRenderer(EN)


def letter_of(report, renderer=chinese):
    raw = renderer.message(
        report, message_id="<a.b@bridge.invalid>", sender="bridge@example.invalid", recipients=["x@example.invalid"]
    )
    return message_from_bytes(raw, policy=default)


def body(message, kind):
    return message.get_body((kind,)).get_content()


def book_of(report, renderer=chinese):
    return load_workbook(io.BytesIO(renderer.sheet(report)))


def cells(book):
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


# the verdict


def test_the_verdict_counts_what_to_do_and_what_is_due():
    assert verdict(rich_report()).headline(ZH) == "今日要办19件，1批已逾期，1批今日到期，1批明日到期，1批即将到期"


def test_the_verdict_of_a_clean_day_says_that_all_agree():
    found = verdict(clean_report())
    assert (found.headline(ZH), found.tone) == ("47批2690人全部一致", Tone.CALM)


@pytest.mark.parametrize("state", [RunState.PARTIAL, RunState.FAILED])
def test_a_run_that_is_not_complete_never_says_that_all_agree(state):
    assert "一致" not in verdict(replace(clean_report(), state=state)).headline(ZH)


AT_REST = {Bucket.AGREED, Bucket.NOT_OURS, Bucket.LEADER, Bucket.SUPERSEDED}


@pytest.mark.parametrize("bucket", sorted(set(Bucket) - AT_REST))
def test_one_row_in_any_other_bucket_is_enough_not_to_say_that_all_agree(bucket):
    clean = clean_report()
    one_off = replace(clean.offline, buckets={Bucket.AGREED: 2689, bucket: 1})
    assert "一致" not in verdict(replace(clean, offline=one_off)).headline(ZH)


def test_a_failed_run_says_so_first():
    report = replace(rich_report(), state=RunState.FAILED)
    assert verdict(report).headline(ZH).startswith("对账未完成，今日要办19件")


def test_a_quiet_day_with_people_still_to_enter_says_how_many():
    clean = clean_report()
    offline = replace(clean.offline, buckets={Bucket.AGREED: 2678, Bucket.PENDING: 12})
    found = verdict(replace(clean, offline=offline))
    assert found.headline(ZH) == "今日无待办"
    assert [text.into(ZH) for text in found.details] == ["另有12人待录入，均在期限内。"]


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        (None, "无期限"),
        (0.5, "不足1小时"),
        (31.4, "还剩31小时"),
        (100.0, "还剩4天"),
        (-0.1, "已逾期1天"),
        (-24.0, "已逾期1天"),
        (-32.0, "已逾期2天"),
    ],
)
def test_time_left_is_told_in_hours_then_days(hours, shown):
    assert words.hours_left(hours).into(ZH) == shown


# the page


@pytest.mark.parametrize("language", Language)
def test_the_page_shows_every_code_once_and_both_conservation_lines(language):
    page = ReportRenderer(language).page(rich_report(language))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert all(code in text for code in CODES)
    expected = {
        ZH: "线上2658 = 一致2641 + 不一致5 + 疑似录错1 + 重复2 + 不归我报6 + 仅线上3",
        EN: "Online 2658 = agreed 2641 + different 5 + probably mistyped 1 + duplicate 2 + not ours 6 + only online 3",
    }
    assert expected[language] in text


def test_a_side_that_does_not_add_up_shows_an_unequal_sign():
    report = rich_report()
    lost = replace(report.offline, rows=report.offline.rows + 1)
    assert "≠" in chinese.page(replace(report, offline=lost))
    assert "≠" in body(letter_of(replace(report, offline=lost)), "plain")
    assert "≠" not in chinese.page(report)


def test_things_to_do_stand_by_hours_left():
    page = chinese.page(rich_report())
    shown = re.findall(r'<p class="when[^>]*>([^ <]+)', page)
    assert shown[:3] == ["已逾期2天", "已逾期1天", "还剩16小时"]
    assert shown[-1] == "无期限"


def test_fields_and_canonical_words_are_told_in_the_readers_language():
    expected = {
        ZH: "类别：技能人才 ｜ 贡献突出职工（上次一致：技能人才）",
        EN: "Category: skilled workers | contributors",
    }
    for language in Language:
        values = {cell.value for cell in cells(book_of(rich_report(language), ReportRenderer(language)))}
        assert any(str(value).startswith(expected[language]) for value in values)


def test_values_whose_masks_look_alike_say_where_they_differ():
    assert "（第9、10位不同）" in chinese.page(rich_report())
    assert "（视同一致：大小写）" in chinese.page(rich_report())


def test_practice_is_written_over_everything():
    practice = replace(rich_report(), practice=True)
    assert "演练" in chinese.page(practice)
    assert letter_of(practice)["Subject"].startswith("【演练】")
    assert "演练" not in chinese.page(rich_report())


def test_the_page_loads_nothing_and_runs_nothing():
    page = chinese.page(replace(rich_report(), practice=True))
    assert not re.search(r"<(script|img|link|iframe|object|form)\b", page)
    assert set(re.findall(r"url\('?([a-z]+):", page)) <= {"data"}
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_hostile_words_stay_words():
    page = chinese.page(hostile_report())
    assert "<img" not in page
    assert "<script" not in page
    assert "&lt;img src=x onerror=" in page
    assert not re.search("[\x00-\x08\u202e\ud800-\udfff]", page)


# the letter


def test_the_subject_carries_the_verdict():
    assert letter_of(rich_report())["Subject"].startswith("【疗休养对账】威海市总工会：今日要办19件，1批已逾期")
    assert letter_of(clean_report())["Subject"] == "【疗休养对账】威海市总工会：47批2690人全部一致"
    subject = letter_of(clean_report(EN), english)["Subject"]
    assert subject == ("[Recuperation] Weihai Federation of Trade Unions: Everything agrees: 47 batches, 2690 people")


def test_the_letter_has_text_page_and_workbook():
    message = letter_of(rich_report())
    assert message["Message-ID"] == "<a.b@bridge.invalid>"
    assert message["Date"] == "Tue, 20 May 2025 08:00:00 +0800"
    assert message.get_content_type() == "multipart/mixed"
    (workbook,) = message.iter_attachments()
    assert workbook.get_filename() == "疗休养对账_2025-05-20.xlsx"
    assert workbook.get_content() == chinese.sheet(rich_report())
    assert [part.get_content_type() for part in message.walk()][1:4] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_the_text_part_says_verdict_work_conservation_and_where_the_rest_is():
    text = body(letter_of(rich_report()), "plain")
    assert text.startswith("【疗休养对账】威海市总工会：今日要办19件")
    assert "1. 已逾期2天 · D02 逾期未录入" in text
    assert "   下一步：立即录入，并向市总说明原因。" in text
    assert "线下2690 = 一致2641 + 不一致5" in text
    assert "全部内容见附件工作簿" in text


def test_the_same_report_makes_the_same_letter():
    same = {
        chinese.message(rich_report(), message_id="<1@b>", sender="a@b.invalid", recipients=["c@d.invalid"])
        for _ in range(2)
    }
    assert len(same) == 1


def test_every_line_of_a_letter_fits_a_mail_server_without_eight_bits():
    raw = chinese.message(rich_report(), message_id="<1@b>", sender="a@b.invalid", recipients=["c@d.invalid"])
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("count", [50, 51, 1000])
def test_a_mail_body_stays_below_200_kb_whatever_the_count(count):
    message = letter_of(large_report(count))
    page = body(message, "html")
    assert len(page.encode()) <= MAIL_BYTES_MAX
    assert page.count('<p class="when') <= 50
    assert f"共{count}件" in page
    if count > 50:
        assert re.search(r"另有\d+条，全部见附件工作簿", page)


def test_not_even_endless_words_make_the_mail_body_larger():
    long = tuple(replace(item(number, "D04"), what="长" * 9000, words="<" * 9000) for number in range(60))
    report = replace(rich_report(), items=long, settled=long, banners=("警" * 9000,) * 40)
    assert len(body(letter_of(report), "html").encode()) <= MAIL_BYTES_MAX


def test_a_line_break_in_a_name_makes_no_header():
    message = letter_of(hostile_report())
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]


# the workbook


def test_the_workbook_has_its_four_sheets_in_either_language():
    assert book_of(rich_report()).sheetnames == ["待办", "差异", "批次", "汇总"]
    assert book_of(rich_report(EN), english).sheetnames == ["To do", "Differences", "Batches", "Summary"]


def test_every_text_is_a_text_and_nothing_is_a_formula():
    found = cells(book_of(hostile_report()))
    assert {cell.data_type for cell in found} <= {"s", "n", "d", "inlineStr"}
    assert not [cell for cell in found if cell.hyperlink]
    texts = {cell.value for cell in found if isinstance(cell.value, str)}
    assert {"=1+1", "@SUM(A1)", "=A1", "00123", HOSTILE, "https://example.invalid/x"} <= texts


def test_the_sheets_have_a_header_that_stays_a_filter_and_a4_across():
    book = book_of(rich_report())
    for name in ("待办", "差异", "批次"):
        sheet = book[name]
        assert (sheet.freeze_panes, sheet.print_title_rows) == ("A2", "$1:$1")
        assert sheet.auto_filter.ref.startswith("A1:")
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)


def test_the_differences_sheet_has_a_line_for_every_field():
    rows = list(book_of(rich_report())["差异"].iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(CODES) + 3  # D04, D05 and D10 differ in two fields
    assert {row[1] for row in rows} == set(CODES)


def test_the_summary_holds_verdict_both_totals_and_both_data_times():
    values = [cell.value for cell in cells(book_of(rich_report())) if cell.parent.title == "汇总"]
    assert values[0] == verdict(rich_report()).headline(ZH)
    assert {2690, 2658, "5月20日 07:30", "5月20日 07:48"} <= set(values)
    assert any(str(value).startswith("线下2690 = 一致2641") for value in values)


def test_dates_are_dates():
    due = book_of(rich_report())["待办"]["K2"]
    assert (due.value.date().isoformat(), due.number_format) == ("2025-05-18", "yyyy-mm-dd")


def test_the_same_report_makes_the_same_workbook():
    assert chinese.sheet(rich_report()) == chinese.sheet(rich_report())


def test_the_workbook_is_dated_by_the_report():
    core = zipfile.ZipFile(io.BytesIO(chinese.sheet(rich_report()))).read("docProps/core.xml").decode()
    assert f">{TODAY.isoformat()}T08:00:00Z<" in core


def test_a_report_of_nothing_still_makes_all_forms():
    clean = clean_report()
    empty = replace(
        clean,
        batches=(),
        offline=replace(clean.offline, rows=0, buckets={}, as_of=None),
        online=replace(clean.online, rows=0, buckets={}, as_of=None),
    )
    assert "未取得" in chinese.page(empty)
    assert book_of(empty)["待办"].max_row == 1
    assert "线下0" in body(letter_of(empty), "plain").splitlines()


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), max_size=40))
def test_any_text_at_all_passes_through_every_form(text):
    strange = replace(item(0, "D04"), name=text, what=text, words=text, unit=text, batch=text)
    report = replace(rich_report(), federation=text, items=(strange,), settled=(), batches=(), banners=(text,))
    found = {cell.value for cell in cells(book_of(report))}
    assert "D04" in found
    assert letter_of(report)["Subject"].startswith("【疗休养对账】")


def test_libreoffice_reads_the_same_texts_and_no_formula(tmp_path):
    (tmp_path / "report.xlsx").write_bytes(chinese.sheet(hostile_report()))
    office = ["soffice", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--headless"]
    subprocess.run(
        [*office, "--convert-to", "ods:calc8", "--outdir", tmp_path, tmp_path / "report.xlsx"],
        check=True,
        capture_output=True,
        timeout=120,
    )
    content = zipfile.ZipFile(tmp_path / "report.ods").read("content.xml").decode()
    assert "table:formula" not in content
    assert "xlink:href" not in content
    for text in ("=1+1", "@SUM(A1)", "00123", "https://example.invalid/x"):
        assert f"<text:p>{text}</text:p>" in content
    assert "&lt;img src=x onerror=&quot;" in content or '&lt;img src=x onerror="' in content
