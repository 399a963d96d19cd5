"""Validates documents of kmictl against the schemas that are shipped (JSON Schema 2020-12).

    schema_check.py SCHEMAS DOCUMENTS

DOCUMENTS has a folder for each schema, with a file for each document. Beside that every document is as it should be, a
document with one member more, or without one of those that are required, must not be.
"""

import copy
import json
import pathlib
import sys

import jsonschema
import referencing


def registry(folder: pathlib.Path) -> referencing.Registry:
    found = referencing.Registry()
    for path in sorted(folder.glob("*.json")):
        schema = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        # Schemas name each other by their files.
        found = found.with_resource(path.name, referencing.Resource.from_contents(schema))
    return found


def main() -> int:
    schemas, documents = map(pathlib.Path, sys.argv[1:3])
    known = registry(schemas)
    problems, count, refused = [], 0, 0
    for folder in sorted(documents.iterdir()):
        validator = jsonschema.Draft202012Validator({"$ref": f"{folder.name}.json"}, registry=known)
        for path in sorted(folder.iterdir()):
            # Nothing but JSON: no NaN, no two documents.
            document = json.loads(path.read_text(), parse_constant=lambda word: sys.exit(f"{path}: {word} is no JSON"))
            count += 1
            for error in validator.iter_errors(document):
                problems.append(f"{folder.name}: {path.name}: {error.json_path}: {error.message}")
            top = document[0] if isinstance(document, list) and document else document
            if not isinstance(top, dict):
                continue
            wrong = copy.deepcopy(document)
            (wrong[0] if isinstance(wrong, list) else wrong)["no_such_member"] = 1
            if validator.is_valid(wrong):
                problems.append(f"{folder.name}: a member that it does not know is let through")
            wrong = copy.deepcopy(document)
            (wrong[0] if isinstance(wrong, list) else wrong).clear()
            if validator.is_valid(wrong):
                problems.append(f"{folder.name}: an empty object is let through")
            refused += 2
    print("\n".join(dict.fromkeys(problems)) or f"{count} documents are as they should be, {refused} wrong ones are refused")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
