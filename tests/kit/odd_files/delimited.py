"""CSV files as programs and people make them: encodings, separators, quotes, and what breaks them."""

from tests.kit.odd_files.model import Make, OddFile, of_bytes, refused, taken
from tests.kit.workbooks import GOOD, HEADER, simple

NO = "not-a-workbook"
ASHA = ("+919876543210", "Asha")
LINES = "PhoneNumber,Name\r\n+919876543210,Asha\r\n"


def _csv(content: str, encoding: str = "utf-8") -> Make:
    return of_bytes(content.encode(encoding))


def _with(separator: str) -> Make:
    return _csv(LINES.replace(",", separator))


_MANY = "".join(f"98765{i:05d},Name {i}\n" for i in range(3, 2_000))

DELIMITED: dict[str, OddFile] = {
    "csv": taken(_csv(LINES), 1, {}, ASHA),
    "csv with a mark": taken(_csv(LINES, "utf-8-sig"), 1, {}, ASHA),
    "csv in utf-16": taken(_csv(LINES, "utf-16"), 1, {}, ASHA),
    "csv in utf-16 without a mark": taken(_csv(LINES, "utf-16-le"), 1, {}, ASHA),
    "csv in big-endian utf-16": taken(of_bytes(b"\xfe\xff" + LINES.encode("utf-16-be")), 1, {}, ASHA),
    "csv in utf-32": refused(NO, _csv(LINES, "utf-32"), "UTF"),
    "csv in latin-1": refused(NO, _csv(LINES.replace("Asha", "Renée"), "latin-1"), "line 2"),
    "csv in latin-1 after thousands of rows": refused(
        NO, of_bytes((LINES + _MANY).encode() + "9876543211,Renée\r\n".encode("latin-1")), "line 2000"
    ),
    "csv in utf-16 of an odd length": refused(NO, of_bytes(LINES.encode("utf-16") + b"x")),
    "csv with semicolons": taken(_with(";"), 1, {}, ASHA),
    "csv with tabs": taken(_with("\t"), 1, {}, ASHA),
    "csv with bars": taken(_with("|"), 1, {}, ASHA),
    "csv that says its separator": taken(_csv("sep=;\r\n" + LINES.replace(",", ";")), 1, {}, ASHA),
    "csv with commas in quotes before semicolons": taken(
        _csv('PhoneNumber;Name;City\r\n+919876543210;"Rao, Asha";Pune\r\n'), 1, {}, (ASHA[0], "Rao, Asha")
    ),
    "csv of line feeds": taken(_csv(LINES.replace("\r", "")), 1, {}, ASHA),
    "csv of carriage returns": taken(_csv(LINES.replace("\n", "")), 1, {}, ASHA),
    "csv without a last line end": taken(_csv(LINES.rstrip()), 1, {}, ASHA),
    "csv with blank lines": taken(
        _csv("\r\n\r\n" + LINES + "\r\n,\r\n , \r\n12,x\r\n"), 1, {8: "phone-invalid"}, ASHA
    ),
    "csv with quotes": taken(
        _csv('"PhoneNumber","Name"\r\n"+919876543210","Asha ""A"" Rao"\r\n'), 1, {}, (ASHA[0], 'Asha "A" Rao')
    ),
    "csv with a line break in quotes": taken(
        _csv('PhoneNumber,Name\r\n9876543210,"As\r\nha"\r\n12,x\r\n'),
        0,
        {2: "name-invalid", 3: "phone-invalid"},
    ),
    "csv with a quote inside": taken(
        _csv('PhoneNumber,Name\r\n9876543210,5" Asha\r\n'), 1, {}, (ASHA[0], '5" Asha')
    ),
    "csv with a quote that is never closed": refused(
        NO, _csv('PhoneNumber,Name\r\n9876543210,"Asha\r\n9876543211,Ravi\r\n9876543212,Li\r\n'), "line 2"
    ),
    "csv with a quote that runs for 200,000 letters": refused(
        NO, _csv('PhoneNumber,Name\r\n9876543210,"Asha\r\n' + _MANY * 8), "line 2"
    ),
    "csv of one long line": refused("column-missing", _csv("x" * 120_000)),
    "csv of one line of a megabyte": refused(NO, _csv("x" * 1_000_000), "line 1"),
    "csv of 100,000 commas": taken(_csv(LINES + "9876543211,Ravi" + "," * 100_000 + "\r\n"), 2, {}, ASHA),
    "csv of 5,000 further cells": refused(
        "column-unknown", _csv(LINES + "9876543211,Ravi" + ",x" * 5_000), "C3"
    ),
    "csv with nul": refused(NO, _csv(LINES + "9876543211,Ra\0vi\r\n"), "text"),
    "csv with nul far below": refused(NO, _csv(LINES + _MANY + "9876543211,Ra\0vi\r\n"), "ine 2000"),
    "csv with control characters": taken(
        _csv(LINES + "9876543211,Ra\x07vi\r\n9876543212,\x1b[31mRed\r\n"),
        1,
        dict.fromkeys((3, 4), "name-invalid"),
    ),
    "csv that ends with control-z": taken(_csv(LINES + "\x1a"), 1, {3: "phone-invalid"}, ASHA),
    "csv with a row too short": taken(_csv(LINES + "9876543211\r\n"), 2, {}, ASHA),
    "csv of nothing but a mark": refused("empty-file", of_bytes(b"\xef\xbb\xbf")),
    "csv of line ends only": refused("empty-file", _csv("\r\n\r\n\r\n")),
    "csv of a header only": refused("empty-file", _csv("PhoneNumber,Name\r\n"), "row 1"),
    "csv without a header": refused("column-missing", _csv("+919876543210,Asha\r\n+919876543211,Ravi\r\n")),
    "csv without numbers": refused("column-missing", _csv("Name,City\r\nAsha,Pune\r\n"), "City"),
    "csv with a header twice": refused(
        "column-repeated", _csv("PhoneNumber,Name,name\r\n1,2,3\r\n"), "B and C"
    ),
    "csv of formulas": taken(
        _csv(LINES.replace("Asha", "=cmd|' /C calc'!A0")), 1, {}, (ASHA[0], "=cmd|' /C calc'!A0")
    ),
    "csv of guarded formulas": taken(_csv(LINES.replace("Asha", "'=1+1")), 1, {}, (ASHA[0], "=1+1")),
    "csv with scientific phones": taken(
        _csv("PhoneNumber\r\n9.19876543210E+11\r\n9.19877E+11\r\n"), 1, {3: "phone-invalid"}
    ),
    "csv of a page": refused(
        NO, _csv("<!DOCTYPE html><table><tr><td>PhoneNumber</td></tr></table>"), "web page"
    ),
    "workbook named csv": taken(lambda path: simple(path.with_suffix(".csv"), HEADER, GOOD), 1, {}, ASHA),
}
