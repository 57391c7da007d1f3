"""The client, found where it lies; the application is over a database of the test's own."""

import sys

from tests import ROOT
from tests.admin.conftest import *  # noqa: F403 - what every test of the application has

sys.path.insert(0, str(ROOT / "clients" / "python"))
