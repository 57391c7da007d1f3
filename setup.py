"""For scrapyd-deploy, which runs it to make the egg; all it says stands in pyproject.toml."""

from setuptools import setup

setup()
