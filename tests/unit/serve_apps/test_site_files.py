"""The built site in memory."""

from pathlib import Path

import pytest

from serve_apps.site_files import SiteFile, read_site

FILE = SiteFile("text/html", "tag", {"identity": b"page", "gzip": b"g", "br": b"b"})


def test_a_built_site_is_read_by_path_with_its_encodings(tmp_path: Path) -> None:
    """Each file once, with what the build compressed beside it; a file whose name only ends so is a file."""
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "index.html.br", "index.html.gz", "assets/a-1.js", "notes.gz"):
        (tmp_path / name).write_text(name, encoding="ascii")
    site = read_site(tmp_path)
    assert site.keys() == {"index.html", "assets/a-1.js", "notes.gz"}
    assert site["index.html"].encoded == {"identity": b"index.html", "br": b"index.html.br", "gzip": b"index.html.gz"}
    assert site["index.html"].media_type == "text/html; charset=utf-8"
    assert site["assets/a-1.js"].media_type == "text/javascript; charset=utf-8"
    assert site["assets/a-1.js"].encoded.keys() == {"identity"}
    assert site["assets/a-1.js"].tag != site["index.html"].tag


def test_a_site_that_was_not_built_has_no_files(tmp_path: Path) -> None:
    """Nothing is read from a folder that is not there."""
    assert read_site(tmp_path / "dist") == {}


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br", "br"),
        ("GZIP", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br; q=0", "identity"),
        ("deflate", "identity"),
        ("", "identity"),
    ],
)
def test_the_smallest_encoding_that_is_accepted_is_chosen(accepted: str, chosen: str) -> None:
    """Brotli before gzip before plain, and none that the client refuses."""
    assert FILE.best(accepted) == chosen
