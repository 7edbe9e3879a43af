"""From what the journal knows to findings, D01 to D22: of people, of batches, of rows.

Pure: they see one `View` and give the findings it holds, each with who moved, the fields, and the place offline.
"""

from bridge.findings.batches import of_batches
from bridge.findings.brakes import of_brakes
from bridge.findings.by_hand import of_carried, of_refusals
from bridge.findings.people import of_people, said_by_the_batch
from bridge.findings.reviews import of_reviews
from bridge.findings.rows import of_duplicates, of_forms, of_rows, of_the_run, of_the_year, of_unmade
from bridge.findings.superseded import of_superseded
from bridge.findings.view import Aside, Identify, Rules, View

__all__ = [
    "Aside",
    "Identify",
    "Rules",
    "View",
    "of_batches",
    "of_brakes",
    "of_carried",
    "of_duplicates",
    "of_forms",
    "of_people",
    "of_refusals",
    "of_reviews",
    "of_rows",
    "of_superseded",
    "of_the_run",
    "of_the_year",
    "of_unmade",
    "said_by_the_batch",
]
