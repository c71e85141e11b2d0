"""JSON Schema (2020-12) of reference files, for editors."""

from dse.analysis.reference_models import Reference
from dse.study.schema import DRAFT, Schema, describe

_MODULES = ("dse.analysis.reference_models", "dse.analysis.claims")


def reference_json_schema() -> Schema:
    """Return the schema of reference files."""
    schema = Reference.model_json_schema()
    schema["title"] = "dse reference"
    schema["description"] = "What a publication shows and says, to compare results with."
    schema["$schema"] = DRAFT
    describe(schema, Reference, _MODULES)
    return schema
