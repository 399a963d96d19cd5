"""Runs the same cases against a provider directly and through the proxy, and compares what a caller gets to see."""

import argparse
import asyncio
import inspect
import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

# Numbers that name one exchange; they differ between any two requests to one server as well.
PER_REQUEST = {"request_id"}


def plain(value: Any) -> Any:
    """The value as JSON would hold it, without what names the single exchange."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in PER_REQUEST}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def failure(error: Exception) -> dict[str, Any]:
    """What a program can see of a typed error."""
    seen = {"error": type(error).__name__}
    for name in ("status_code", "body", "code", "param", "type"):
        if hasattr(error, name):
            seen[name] = plain(getattr(error, name))
    return seen


def outcome(case: Callable[[Any], Any], client: Any, errors: type[Exception]) -> Any:
    """What a case gives, or the typed error that it raises."""
    try:
        result = case(client)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        return plain(result)
    except errors as error:
        return failure(error)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--direct", required=True, help="base URL of the provider, without a path")
    parser.add_argument("--proxy", required=True, help="base URL of the proxy, without a path")
    parser.add_argument("--key", required=True, help="the provider's key")
    parser.add_argument("--token", required=True, help="the proxy's client token")
    return parser.parse_args()


def compare(
    cases: list[tuple[str, Callable[[Any], Any]]],
    make_client: Callable[[str, str, bool], Any],
    errors: type[Exception],
    expected: dict[str, Callable[[Any], bool]],
) -> int:
    """Runs every case twice and prints one line for each; the result is the exit status.

    A case whose name begins with "async" gets the asynchronous client. `expected` tells, by the name of a case, what its
    outcome must look like beside being equal: two equal failures would prove nothing.
    """
    options = arguments()
    failed = 0
    for name, case in cases:
        is_async = name.startswith("async")
        try:
            direct = outcome(case, make_client(options.direct, options.key, is_async), errors)
            proxied = outcome(case, make_client(options.proxy, options.token, is_async), errors)
        except Exception:
            print(f"FAILED  {name}: raised\n{traceback.format_exc()}")
            failed += 1
            continue
        holds = expected.get(name, lambda seen: not (isinstance(seen, dict) and "error" in seen and "status_code" in seen))
        if direct != proxied:
            print(f"FAILED  {name}: not the same\n  direct  {dump(direct)}\n  proxied {dump(proxied)}")
            failed += 1
        elif not holds(direct):
            print(f"FAILED  {name}: the same, but not what the case is about\n  both {dump(direct)}")
            failed += 1
        else:
            print(f"ok      {name}")
    print(f"{len(cases) - failed} of {len(cases)} cases are the same")
    return 1 if failed else 0


def dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)[:4000]


def status(code: int) -> Callable[[Any], bool]:
    """An outcome that is a typed error with this status."""
    return lambda seen: isinstance(seen, dict) and seen.get("status_code") == code


def finish(result: int) -> None:
    sys.stdout.flush()
    sys.exit(result)
