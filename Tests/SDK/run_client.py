"""What a command of `kmictl run` sees: the stock clients, set up by nothing but the environment.

Sends a request of each kind, looks for the token in the argument list of every process, and prints what was used as JSON.
The first argument is the file that the token goes into.
"""

import glob
import json
import os
import sys

import anthropic
import openai

MESSAGES = [{"role": "user", "content": "Say something brief."}]


def main() -> None:
    assert "ANTHROPIC_API_KEY" not in os.environ, "a provider's key came through"
    assert os.environ["UNTOUCHED"] == "yes"
    token = os.environ["KMI_TOKEN"]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(token)

    completion = openai.OpenAI(max_retries=0).chat.completions.create(model="sim-large", messages=MESSAGES)
    chunks = openai.OpenAI(max_retries=0).chat.completions.create(
        model="sim-large", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    streamed = [chunk for chunk in chunks][-1].usage
    message = anthropic.Anthropic(max_retries=0).messages.create(model="sim-large", max_tokens=64, messages=MESSAGES)

    shown = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                if token.encode() in file.read():
                    shown.append(path)
        except OSError:
            pass  # It has ended.
    cached = [
        getattr(usage.prompt_tokens_details, "cached_tokens", 0) or 0 for usage in (completion.usage, streamed)
    ] + [message.usage.cache_read_input_tokens or 0]
    print(
        json.dumps(
            {
                "input": completion.usage.prompt_tokens
                + streamed.prompt_tokens
                + message.usage.input_tokens
                + (message.usage.cache_creation_input_tokens or 0)
                + (message.usage.cache_read_input_tokens or 0),
                "cached": sum(cached),
                "output": completion.usage.completion_tokens
                + streamed.completion_tokens
                + message.usage.output_tokens,
                "shown": shown,
            }
        )
    )


main()
