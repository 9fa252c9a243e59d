"""Looks for words in every byte of an installation's files."""

from pathlib import Path


def files_with(folder: Path, words: str) -> list[str]:
    """Every file below the folder that holds the words, in either of two encodings of text."""
    wanted = (words.encode(), words.encode("utf-16-le"))
    found = []
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            try:
                content = file.read_bytes()
            except OSError:
                continue  # removed meanwhile
            if any(one in content for one in wanted):
                found.append(str(file.relative_to(folder)))
    return found
