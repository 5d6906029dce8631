"""A run or a plan for people and for scripts: in the terminal, as HTML, JSON and CSV. Decides nothing."""

from syncengine.report.document import document
from syncengine.report.files import check_report_path, json_text, write_report
from syncengine.report.terminal import print_results

__all__ = ["check_report_path", "document", "json_text", "print_results", "write_report"]
