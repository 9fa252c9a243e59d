"""Add Data, Download, and looking at records, uploads and history."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.e2e.console.conftest import Console
from tests.kit.browser import Page
from tests.kit.fake_campaign import record

ROWS = "PhoneNumber,Name\n+919876500111,A\nnobody,B\n+919876500112,C\n"


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(ROWS)
    return path


def test_add_data_ends_with_a_receipt_of_every_row(console: Console, workbook: Path) -> None:
    page = console.open()
    page.click("#addData")
    page.see("Choose a file first.", "dialog .why")
    page.choose_file("#upload-file", workbook)
    page.see("people.csv", "dialog .file-name")
    page.click("dialog button.primary", "Upload")
    page.see("The records are added.", "dialog .headline")
    assert page.text("dialog .cards").split() == [
        "Rows",
        "read",
        "3",
        "Added",
        "2",
        "Duplicates",
        "0",
        "Invalid",
        "1",
    ]
    assert page.text("dialog tbody tr").split("\t") == ["3", "PhoneNumber", "the phone number is not valid"]
    link = str(page.eval("document.querySelector('dialog .receipt a').href"))
    assert link.endswith("/v1/campaigns/spring/uploads/u1/errors.xlsx")
    page.click("dialog button", "Close")
    page.see("14", "[data-count=total]")


def test_a_file_can_be_dropped(console: Console) -> None:
    page = console.open()
    page.click("#addData")
    page.see("Drop an Excel or CSV file", "dialog")
    page.eval(
        "(() => { const files = new DataTransfer();"
        f"files.items.add(new File([{json.dumps(ROWS)}], 'dropped.csv'));"
        "document.querySelector('.dropzone').dispatchEvent("
        "new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true})); })()"
    )
    page.see("dropped.csv", "dialog .file-name")
    page.click("dialog button.primary", "Upload")
    page.see("The records are added.", "dialog .headline")
    assert console.api.asked[-1][1]["file_name"] == "dropped.csv"


def test_what_is_no_workbook_is_refused_with_what_to_do(console: Console, tmp_path: Path) -> None:
    wrong = tmp_path / "people.txt"
    wrong.write_text("x")
    page = console.open()
    page.click("#addData")
    page.choose_file("#upload-file", wrong)
    page.click("dialog button.primary", "Upload")
    page.see("The file is no .xlsx, .xlsm or .csv", "dialog .trouble")
    page.troubles.clear()  # the browser notes the refusal


def test_the_template_of_the_campaign_is_linked(console: Console) -> None:
    page = console.open()
    page.click("#addData")
    page.see("template", "dialog")
    link = str(page.eval("document.querySelector('dialog a').href"))
    assert link.endswith("/v1/campaigns/spring/upload-template.xlsx")


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "xml", "pdf"])
def test_download_saves_the_file_in_each_format(console: Console, tmp_path: Path, file_format: str) -> None:
    page = console.open()
    page.downloads_to(tmp_path)
    page.click("#download")
    page.see("12 records will be in the file.", "dialog")
    page.choose("dialog select", file_format)
    page.click("dialog .choice summary", "Status")
    page.click("dialog .options label", "Fail")
    page.see("4 records will be in the file.", "dialog")
    page.click("dialog button.primary", "Download")
    page.see("The download has started.", ".notice.good")
    page.wait_for((tmp_path / f"spring.{file_format}").exists, "the file is saved")
    query = console.api.asked[-1][1]
    assert json.loads(query["filters"]) == {"status": ["Fail"]}
    assert query.get("bom") == ("true" if file_format == "csv" else None)


def test_records_are_filtered_and_paged(console: Console) -> None:
    console.campaign.records = [
        record(number, status="Fail" if number % 2 else "Pending") for number in range(1, 131)
    ]
    page = console.open()
    page.see("1–50 of 130", ".paging")
    page.click(".paging button", "Next")
    page.see("51–100 of 130", ".paging")
    page.click(".paging button", "Previous")
    page.see("1–50 of 130", ".paging")
    page.click("summary", "Filter")
    page.click(".choice summary", "Status")
    page.click(".options label", "Fail")
    page.see("1–50 of 65", ".paging")


def test_rows_follow_while_the_campaign_runs(console: Console) -> None:
    page = console.open()
    page.see("Live", "#live")
    console.campaign.records[2]["status"] = "Success"
    console.api.tell(console.campaign, "counts")
    page.wait("document.querySelectorAll('tbody .status')[2].innerText === 'Success'")


def test_one_record_shows_why_it_is_not_called(console: Console) -> None:
    page = console.open()
    page.click("tbody button", "3")
    page.see("The campaign is Ready.", "dialog .why-called")
    page.see("+919876500003", "dialog")


def test_markup_in_a_name_stays_text(console: Console) -> None:
    console.campaign.records[0]["name"] = "<img src=x onerror=alert(1)><b>Bobby</b>"
    page = console.open()
    page.see("<b>Bobby</b>", "tbody")
    assert page.eval("document.querySelectorAll('tbody img, tbody b').length") == 0


def test_history_lists_the_events_and_uploads_their_receipts(console: Console, workbook: Path) -> None:
    console.campaign.append("outdial.CampaignStarted")
    page = console.open("/history")
    page.see("Campaign started", "tbody")
    test_add_data_ends_with_a_receipt_of_every_row(console, workbook)
    page.click(".tabs a", "Uploads")
    page.click("tbody button", "people.csv")
    page.see("The records are added.", "dialog .headline")


def test_the_whole_page_is_used_by_keyboard(console: Console) -> None:
    page = console.open()
    assert reached(page, 40) >= {"toggle", "reset", "delete", "download", "addData", "forceComplete", "undo"}
    page.eval("document.querySelector('#delete').focus()")
    page.press("Enter")
    page.see("12 records match.", "dialog")
    assert page.eval("document.querySelector('dialog').contains(document.activeElement)")


def test_every_control_has_a_name(console: Console) -> None:
    page = console.open()
    for button in ("delete", "download", "addData"):
        page.click(f"#{button}")
        page.wait("!!document.querySelector('dialog')")
        nameless = page.eval(
            "[...document.querySelectorAll('input, select, textarea, button')]"
            ".filter(e => !e.labels?.length && !e.ariaLabel && !e.textContent.trim()).map(e => e.outerHTML)"
        )
        assert nameless == []
        page.press("Escape")
        page.wait("!document.querySelector('dialog')")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, False), (390, True)])
def test_nothing_overflows_a_narrow_window_and_text_can_be_read(
    console: Console, width: int, dark: bool
) -> None:
    console.page.size(width, 800)
    console.page.dark(dark)
    page = console.open()
    assert page.eval("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    pale = page.eval(_PALE)
    assert pale == []


def reached(page: Page, presses: int) -> set[str]:
    """The ids that the Tab key comes by."""
    found = set()
    for _ in range(presses):
        page.press("Tab")
        found.add(str(page.eval("document.activeElement.id")))
    return found


def test_a_download_address_carries_filters_as_the_api_takes_them(console: Console) -> None:
    page = console.open()
    address = "m => m.fileAddress({campaign_id: 'spring'}, 'csv', {agent: [null]})"
    query = parse_qs(urlsplit(str(page.eval(f"import('./js/parts/download.js').then({address})"))).query)
    assert query == {"format": ["csv"], "bom": ["true"], "filters": ['{"agent":[null]}']}


# WCAG 2.2, 1.4.3: 4.5 to 1 between text and what is behind it.
_PALE = """(() => {
  const parts = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => parts(c).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor; if (parts(c)[3] !== 0) return c; } return 'rgb(255,255,255)'; };
  const ratio = e => { const a = light(getComputedStyle(e).color), b = light(behind(e));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); };
  const texts = [...document.querySelectorAll('body *')].filter(e => e.getClientRects().length
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
  return [...new Set(texts.filter(e => ratio(e) < 4.5).map(e => `${e.tagName} ${e.className} ${ratio(e).toFixed(2)}`))];
})()"""
