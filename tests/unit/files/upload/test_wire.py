"""What the reading child says arrives as it was said."""

from hypothesis import given
from hypothesis import strategies as st

from outdial.files.upload import wire
from outdial.files.upload.model import InvalidRow, UploadChunk, ValidRow

TEXT = st.text(max_size=8)


@st.composite
def chunks(draw: st.DrawFn) -> UploadChunk:
    extra = st.tuples(*[TEXT] * draw(st.integers(0, 3)))
    valid = st.builds(
        ValidRow,
        row=st.integers(2, 1 << 20),
        phone=TEXT,
        name=TEXT,
        priority=st.integers(1, 99),
        expires_us=st.none() | st.integers(0, 1 << 60),
        agent=TEXT,
        skill=TEXT,
        zone=TEXT,
        extra=extra,
    )
    invalid = st.builds(InvalidRow, st.integers(2, 99), TEXT, TEXT, TEXT, st.tuples(TEXT, TEXT))
    return UploadChunk(tuple(draw(st.lists(valid, max_size=4))), tuple(draw(st.lists(invalid, max_size=2))))


@given(chunks())
def test_a_chunk_survives_its_line(chunk: UploadChunk) -> None:
    line = wire.encode(chunk)

    assert wire.decode(line) == chunk
    assert line.count(b"\n") == 1
