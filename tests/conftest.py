"""The servers, each started once, at the first test that wants it."""

pytest_plugins = ["tests.services.fixtures", "tests.services.mariadb_fixtures"]
