import io
import logging
import sys

from gigscrapy.terminal import follow_stderr


def test_log_lines_go_where_stderr_goes_but_files_stay_files(monkeypatch, tmp_path):
    old, new = io.StringIO(), io.StringIO()
    stream, file = logging.StreamHandler(old), logging.FileHandler(tmp_path / "log")
    monkeypatch.setattr(logging.root, "handlers", [stream, file])
    monkeypatch.setattr(sys, "stderr", new)
    follow_stderr()
    logging.getLogger("gigscrapy.test").warning("above the line")
    file.close()
    assert (old.getvalue(), new.getvalue()) == ("", "above the line\n")
    assert (tmp_path / "log").read_text() == "above the line\n"
