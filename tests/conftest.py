"""The servers, each started once, at the first test that wants it; and the order of the files."""

import pytest

pytest_plugins = ["tests.services.fixtures", "tests.services.mariadb_fixtures"]

LONG = {
    *(
        "test_by_itself.py",
        "test_checksum.py",
        "test_compose.py",
        "test_consumer.py",
        "test_pages.py",
        "test_scaling.py",
    ),
    *("test_scrapyd.py", "test_soak.py", "test_whole_way.py", "test_worker.py"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that mostly wait come first: at the end one process would wait, and the others have nothing left to do."""
    items.sort(key=lambda item: item.path.name not in LONG)
