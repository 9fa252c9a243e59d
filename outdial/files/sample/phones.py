"""Phone numbers for samples: valid, distinct, and kept by the regulators for fiction as far as those reach.

Sources: Ofcom, numbers for drama use (14 areas x 1,000); NANPA, 555-0100 to 555-0199 of each area code;
ARCEP, numbers for audiovisual works (5 x 10,000). Beyond about 109,000 they go on as `+91 6000 …`, plainly
made up; nothing but the simulator may ever dial them.
"""

_OFCOM = (
    "2079460",
    "1134960",
    "1144960",
    "1164960",
    "1174960",
    "1184960",
    "1214960",
    "1314960",
    "1414960",
    "1514960",
    "1614960",
    "1914980",
    "2896496",
    "2920180",
)
_ARCEP = ("19900", "26191", "35301", "46571", "53649")
_NANPA = (
    *(
        "201",
        "202",
        "203",
        "205",
        "206",
        "207",
        "208",
        "209",
        "210",
        "212",
        "213",
        "214",
        "215",
        "216",
        "217",
    ),
    *(
        "301",
        "302",
        "303",
        "304",
        "305",
        "307",
        "308",
        "309",
        "310",
        "312",
        "313",
        "314",
        "315",
        "316",
        "317",
    ),
    *(
        "401",
        "402",
        "404",
        "405",
        "406",
        "407",
        "408",
        "409",
        "410",
        "412",
        "413",
        "414",
        "415",
        "417",
        "419",
    ),
    *(
        "501",
        "502",
        "503",
        "504",
        "505",
        "507",
        "508",
        "509",
        "510",
        "512",
        "513",
        "515",
        "516",
        "517",
        "518",
    ),
)
_SYNTHETIC = 6_000_000_000


def sample_phone(index: int) -> str:
    """Return the E.164 number of an index; no two indexes below 1,000,000 share one."""
    pools = ((_OFCOM, "+44", 3), (_NANPA, "+1", 2), (_ARCEP, "+33", 4))
    for prefixes, country, digits in pools:
        size = len(prefixes) * 10**digits
        if index < size:
            # One after the other from all areas, so that a short sample already has several zones.
            number, area = divmod(index, len(prefixes))
            middle = "55501" if country == "+1" else ""
            return f"{country}{prefixes[area]}{middle}{number:0{digits}d}"
        index -= size
    return f"+91{_SYNTHETIC + index}"
