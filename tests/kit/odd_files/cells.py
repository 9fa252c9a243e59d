"""Workbooks with odd headers and odd cells: numbers, dates, formulas, invisible and control characters."""

from tests.kit.odd_files.model import Make, OddFile, refused, taken
from tests.kit.workbooks import (
    DATE,
    DATE_TIME,
    GOOD,
    HEADER,
    MAIN,
    book,
    number,
    row,
    shared,
    sheet,
    simple,
    text,
)

ASHA = ("+919876543210", "Asha")
FORMULA = "><f>A1</f><v>9876543210</v></c>"
_EXPIRING = row(1, text("PhoneNumber"), text("ExpiryDate"))


def _phone(cell: str) -> Make:
    return lambda path: simple(path, HEADER, row(2, cell, text("Asha")))


def _name(value: str) -> Make:
    return lambda path: simple(path, HEADER, row(2, text(ASHA[0]), text(value)))


def _headers(*titles: str) -> Make:
    return lambda path: simple(path, row(1, *map(text, titles)), row(2, text(ASHA[0]), text("Asha")))


def _expiry(cell: str) -> Make:
    return lambda path: simple(path, _EXPIRING, row(2, text(ASHA[0]), cell))


def _formulas(path_rows: tuple[str, ...]) -> Make:
    return lambda path: simple(path, HEADER, *path_rows)


PHONE_CELLS = {
    "number": number("919876543210"),
    "national number": number("9876543210"),
    "scientific number": number("9.19876543210E11"),
    "number with a decimal zero": number("919876543210.0"),
    "number with leading zeros by its format": number("9876543210", 3),
    "number of 17 digits behind the point": number("9876543210.00000000000000000"),
    "text": text("+91 98765 43210"),
    "text with its zero": text("09876543210"),
    "text dialled from abroad": text("0091 98765-43210"),
    "scientific text with every digit": text("9.876543210E+9"),
    "no-break spaces": text("\u00a0(98765)\u00a043210\u00a0"),
    "narrow no-break spaces": text("+91\u202f98765\u202f43210"),
    "marks of direction around": text("\u202a+91 98765 43210\u202c"),
    "marks of direction inside": text("\u200f+91\u200e98765\u200e43210"),
    "zero-width spaces": text("98765\u200b432\ufeff10\u2060"),
    "full-width digits": text("９８７６５４３２１０"),
    "full-width plus": text("＋９１９８７６５４３２１０"),
    "arabic digits": text("٩٨٧٦٥٤٣٢١٠"),
    "devanagari digits": text("९८७६५४३२१०"),
    "hyphens of typesetters": text("98765\u201143210"),
    "soft hyphen": text("98765\u00ad43210"),
    "apostrophe in front": text("'9876543210"),
    "text of a formula": ' t="str"><f>A1</f><v>9876543210</v></c>',
    "number of a formula": FORMULA,
    "escaped nul behind": text("9876543210_x0000_"),
    "lone surrogate before": text("_xD800_9876543210"),
    "rich text": ' t="inlineStr"><is><r><t>98765</t></r><r><rPr><b/></rPr><t>43210</t></r></is></c>',
}
NO_PHONE_CELLS = {
    "scientific text that lost digits": text("9.19E+11"),
    "number with a fraction": number("9876543210.5"),
    "number of 17 digits": number("98765432101234567"),
    "negative number": number("-9876543210"),
    "number too large for anything": number("1E+400"),
    "number that is none": number("NaN"),
    "number of 6,000 digits": number("9" * 6_000),
    "date": number("45000", DATE),
    "error": ' t="e"><v>#N/A</v></c>',
    "boolean": ' t="b"><v>1</v></c>',
    "two numbers": text("9876543210 / 9876543211"),
    "extension": text("9876543210 ext 5"),
    "letters": text("98765HELLO"),
    "line break": text("98765&#10;43210"),
    "of 32,767 characters": text("9" * 32_767),
    "kind that nobody knows": ' t="zz"><v>x</v></c>',
}
_WITH_NOTES = row(1, text("PhoneNumber"), text("Name"), text("City"))

CELLS: dict[str, OddFile] = {
    **{f"phone as {name}": taken(_phone(cell), 1, {}, ASHA) for name, cell in PHONE_CELLS.items()},
    **{
        f"phone as {name}": taken(_phone(cell), 0, {2: "phone-invalid"})
        for name, cell in NO_PHONE_CELLS.items()
    },
    "phone as formula without a value": taken(_phone("><f>A1</f></c>"), 0, {2: "phone-missing"}),
    "phone as error of a formula": taken(
        _phone(' t="e"><f>VLOOKUP(1,A:A,1)</f><v>#REF!</v></c>'), 0, {2: "phone-invalid"}
    ),
    "shared formula": taken(
        _formulas(
            (
                row(2, '><f t="shared" ref="A2:A3" si="0">B2</f><v>9876543210</v></c>'),
                row(3, '><f t="shared" si="0"/><v>9876543211</v></c>'),
            )
        ),
        2,
    ),
    "array formula": taken(_formulas((row(2, '><f t="array" ref="A2">B2:B9</f><v>9876543210</v></c>'),)), 1),
    "name of a line break": taken(_name("As&#10;ha"), 0, {2: "name-invalid"}),
    "name of a tab": taken(_name("As&#9;ha"), 0, {2: "name-invalid"}),
    "name of an escaped carriage return": taken(_name("As_x000D_ha"), 0, {2: "name-invalid"}),
    "name of an escaped bell": taken(_name("As_x0007_ha"), 0, {2: "name-invalid"}),
    "name of an escaped nul": taken(_name("As_x0000_ha"), 1, {}, (ASHA[0], "As\ufffdha")),
    "name of a lone surrogate": taken(_name("As_xD800_ha"), 1, {}, (ASHA[0], "As\ufffdha")),
    "name of a surrogate pair": taken(_name("Asha _xD83D__xDE00_"), 1, {}, (ASHA[0], "Asha \U0001f600")),
    "name that looks escaped": taken(_name("_x005F_x0041_"), 1, {}, (ASHA[0], "_x0041_")),
    "name of 200 letters": taken(_name("n" * 200), 1, {}, (ASHA[0], "n" * 200)),
    "name of 201 letters": taken(_name("n" * 201), 0, {2: "name-invalid"}),
    "name of 32,767 letters": taken(_name("n" * 32_767), 0, {2: "name-invalid"}),
    "name as a formula's text": taken(_name("=HYPERLINK(1)"), 1, {}, (ASHA[0], "=HYPERLINK(1)")),
    "name of any script": taken(_name("राहुल 王小明 محمد"), 1, {}, (ASHA[0], "राहुल 王小明 محمد")),
    "name with phonetics": taken(
        lambda path: book(
            path,
            {"S": sheet(row(1, shared(0), shared(1)), row(2, text(ASHA[0]), shared(2)))},
            f'<sst xmlns="{MAIN}"><si><t>PhoneNumber</t></si><si><t>Name</t></si><si><r><t>佐</t></r><r><t>藤</t>'
            '</r><rPh sb="0" eb="1"><t>サトウ</t></rPh></si></sst>',
        ),
        1,
        {},
        (ASHA[0], "佐藤"),
    ),
    "cell of two megabytes": taken(
        lambda path: simple(
            path, HEADER, row(2, text(ASHA[0]), text("n" * 2_000_000)), row(3, text("9876543211"))
        ),
        1,
        {2: "name-invalid"},
    ),
    "priority of every kind": taken(
        lambda path: simple(
            path,
            row(1, text("PhoneNumber"), text("Priority")),
            *(
                row(i, text(f"98765432{i:02d}"), cell)
                for i, cell in enumerate(
                    (
                        number("5"),
                        text("7"),
                        number("9.9E1"),
                        number("5.5"),
                        text("high"),
                        number("0"),
                        number("100"),
                    ),
                    start=2,
                )
            ),
        ),
        3,
        dict.fromkeys((5, 6, 7, 8), "priority-invalid"),
    ),
    "expiry of date cells": taken(_expiry(number("47483", DATE))),
    "expiry with a time": taken(_expiry(number("47483.75", DATE_TIME))),
    "expiry as text": taken(_expiry(text("2030-01-01"))),
    "expiry as iso cell": taken(_expiry(' t="d"><v>2030-01-01T00:00:00Z</v></c>')),
    "expiry that has passed": taken(_expiry(number("36526", DATE)), 0, {2: "expiry-past"}),
    "expiry of day zero": taken(_expiry(number("0", DATE)), 0, {2: "expiry-past"}),
    "expiry before all days": taken(_expiry(number("-1", DATE)), 0, {2: "expiry-invalid"}),
    "expiry after all days": taken(_expiry(number("9999999", DATE)), 0, {2: "expiry-invalid"}),
    "expiry of the last day of all": taken(_expiry(text("9999-12-31")), 0, {2: "expiry-invalid"}),
    "expiry as plain number": taken(_expiry(number("47483")), 0, {2: "expiry-invalid"}),
    "expiry on a day that is none": taken(_expiry(text("2030-02-30")), 0, {2: "expiry-invalid"}),
    "expiry as an error": taken(_expiry(' t="e"><v>#VALUE!</v></c>'), 0, {2: "expiry-invalid"}),
    "calendar of 1904": taken(
        lambda path: book(
            path,
            {"S": sheet(_EXPIRING, row(2, text(ASHA[0]), number("46021", DATE)))},
            properties='<workbookPr date1904="1"/>',
        )
    ),
}

HEADERS: dict[str, OddFile] = {
    "header twice": refused("column-repeated", _headers("PhoneNumber", "phone_number"), "A and B"),
    "further header twice": refused("column-repeated", _headers("PhoneNumber", "City", "CITY"), "B and C"),
    "header unknown": refused("column-unknown", _headers("PhoneNumber", "Shoe size"), "Shoe size"),
    "no header at all": refused(
        "column-missing", lambda path: simple(path, row(1, text(ASHA[0]))), "PhoneNumber"
    ),
    "header of another language": refused("column-missing", _headers("Telefon", "Name"), "Telefon"),
    "header below a title": taken(
        lambda path: simple(
            path, row(1, text("Spring campaign")), row(3, text("PhoneNumber")), row(4, text(ASHA[0]))
        )
    ),
    "header below 40 rows": refused(
        "column-missing",
        lambda path: simple(path, *(row(i, text("x")) for i in range(1, 41)), row(41, text("PhoneNumber"))),
    ),
    "header merged over two rows": taken(
        lambda path: book(
            path,
            {
                "S": sheet(
                    row(1, text("Customer")),
                    row(2, text("PhoneNumber"), text("Name")),
                    row(3, text(ASHA[0]), text("Asha")),
                    after='<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>',
                )
            },
        ),
        1,
        {},
        ASHA,
    ),
    "header with a line break": taken(_headers("Phone&#10;Number", "NAME "), 1, {}, ASHA),
    "header with invisible marks": taken(_headers("\ufeffPhone Number\u200e", "Name"), 1, {}, ASHA),
    "header of a lone surrogate": refused("column-unknown", _headers("PhoneNumber", "a_xD800_b")),
    "header of 10,000 letters": refused("column-unknown", _headers("PhoneNumber", "x" * 10_000)),
    "header as number": refused(
        "column-unknown", lambda path: simple(path, row(1, text("PhoneNumber"), number("2024"))), "2024"
    ),
    "cell beside every header": refused(
        "column-unknown", lambda path: simple(path, HEADER, row(2, text(ASHA[0]), "", "", text("x"))), "D2"
    ),
    "row that repeats the header": taken(
        lambda path: simple(path, HEADER, GOOD, HEADER.replace('"1"', '"3"')), 1, {3: "phone-invalid"}, ASHA
    ),
    "columns of a download": taken(_headers("PhoneNumber", "Name", "Status", "Created At"), 1, {}, ASHA),
    "same number three times": taken(
        lambda path: simple(
            path,
            HEADER,
            *(
                row(i, text(value))
                for i, value in enumerate(("9876543210", "+91 98765 43210", "09876543210"), start=2)
            ),
        ),
        1,
        {3: "duplicate-in-file", 4: "duplicate-in-file"},
    ),
}
