"""The stock Anthropic client, directly and through the proxy."""

import anthropic

from comparison import compare, finish, status

MODEL = "sim-large"
MESSAGES = [{"role": "user", "content": "Say something – with “quotes”, 漢字 and an emoji 🚀."}]
TOOLS = [
    {
        "name": "get_weather",
        "description": "The weather of a town.",
        "input_schema": {
            "type": "object",
            "properties": {"town": {"type": "string"}},
            "required": ["town"],
        },
    }
]
COMMON = {"model": MODEL, "max_tokens": 256, "messages": MESSAGES}


def make_client(base: str, key: str, is_async: bool):
    kind = anthropic.AsyncAnthropic if is_async else anthropic.Anthropic
    return kind(base_url=base, api_key=key, max_retries=0, timeout=30)


def message(client):
    return client.messages.create(**COMMON)


def message_streamed(client):
    return list(client.messages.create(**COMMON, stream=True))


def message_by_helper(client):
    with client.messages.stream(**COMMON) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text, "no text came"
    return [text, final.model_dump(mode="json")]


def tools(client):
    answer = client.messages.create(**COMMON, tools=TOOLS, tool_choice={"type": "any"})
    assert any(block.type == "tool_use" for block in answer.content), "no tool was called"
    return answer


def tools_streamed(client):
    events = list(client.messages.create(**COMMON, tools=TOOLS, tool_choice={"type": "any"}, stream=True))
    assert any(
        event.type == "content_block_start" and event.content_block.type == "tool_use" for event in events
    ), "no tool was called"
    return events


def count_tokens(client):
    return client.messages.count_tokens(model=MODEL, messages=MESSAGES)


def models(client):
    # The proxy's list is the merged one of its providers: it only has to be a list of models.
    return all(model.id for model in client.models.list()) and "a list"


async def async_message(client):
    async with client:
        return await client.messages.create(**COMMON)


async def async_message_streamed(client):
    async with client:
        return [event async for event in await client.messages.create(**COMMON, stream=True)]


def failing(code: int, streamed: bool = False):
    return lambda client: client.messages.create(
        model=f"sim-status-{code}", max_tokens=16, messages=MESSAGES, stream=streamed
    )


CASES = [
    ("message", message),
    ("message, streamed", message_streamed),
    ("message, streamed by the helper", message_by_helper),
    ("tools", tools),
    ("tools, streamed", tools_streamed),
    ("count of tokens", count_tokens),
    ("models", models),
    ("async message", async_message),
    ("async message, streamed", async_message_streamed),
    ("400", failing(400)),
    ("400, streamed", failing(400, streamed=True)),
    ("404", failing(404)),
    ("500", failing(500)),
    ("529", failing(529)),
    ("429", failing(429)),
    ("429, streamed", failing(429, streamed=True)),
]
EXPECTED = {
    "400": status(400),
    "400, streamed": status(400),
    "404": status(404),
    "500": status(500),
    "529": status(529),
    "429": status(429),
    "429, streamed": status(429),
}

if __name__ == "__main__":
    print(f"anthropic {anthropic.__version__}")
    finish(compare(CASES, make_client, anthropic.APIError, EXPECTED))
