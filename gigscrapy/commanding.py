"""What commands of ours have in common."""

from collections.abc import Sequence

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import Settings


class OptionsOnly(ScrapyCommand):
    """A command that crawls nothing by itself, and takes no argument."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options]"

    def settings_for(self, arguments: Sequence[str]) -> Settings:
        """The settings of the project. :raises UsageError: when the command is given arguments."""
        assert self.settings is not None
        if arguments:
            name = type(self).__module__.rpartition(".")[2]
            raise UsageError(f"scrapy {name} takes no argument", print_help=False)
        return self.settings
