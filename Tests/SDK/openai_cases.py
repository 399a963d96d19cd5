"""The stock OpenAI client, directly and through the proxy. Works with the major versions 1 and later."""

import openai

from comparison import compare, finish, status

MODEL = "sim-large"
MESSAGES = [
    {"role": "system", "content": "You are brief."},
    {"role": "user", "content": "Say something – with “quotes”, 漢字 and an emoji 🚀."},
]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a town.",
            "parameters": {
                "type": "object",
                "properties": {"town": {"type": "string"}},
                "required": ["town"],
            },
        },
    }
]


def make_client(base: str, key: str, is_async: bool):
    kind = openai.AsyncOpenAI if is_async else openai.OpenAI
    return kind(base_url=base + "/v1", api_key=key, max_retries=0, timeout=30)


def chat(client):
    return client.chat.completions.create(model=MODEL, messages=MESSAGES)


def chat_streamed(client):
    return list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))


def chat_streamed_with_usage(client):
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].usage is not None, "the last chunk carries no usage"
    return chunks


def chat_tools(client):
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, tools=TOOLS, tool_choice="required")
    assert answer.choices[0].message.tool_calls, "no tool was called"
    return answer


def chat_tools_streamed(client):
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=MESSAGES, tools=TOOLS, tool_choice="required", stream=True
        )
    )
    assert any(choice.delta.tool_calls for chunk in chunks for choice in chunk.choices), "no tool was called"
    return chunks


def chat_long_streamed(client):
    return list(
        client.chat.completions.create(model="sim-events-200", messages=MESSAGES, stream=True)
    )


def completion(client):
    return client.completions.create(model=MODEL, prompt="Once upon a time")


def completion_streamed(client):
    return list(client.completions.create(model=MODEL, prompt="Once upon a time", stream=True))


def embeddings(client):
    return client.embeddings.create(model=MODEL, input=["one", "two"])


def embeddings_as_numbers(client):
    return client.embeddings.create(model=MODEL, input="one", encoding_format="float")


def response(client):
    return client.responses.create(model=MODEL, input="Say something.")


def response_streamed(client):
    return list(client.responses.create(model=MODEL, input="Say something.", stream=True))


def models(client):
    # The proxy's list is the merged one of its providers: it only has to be a list of models.
    return all(model.id for model in client.models.list()) and "a list"


async def async_chat(client):
    async with client:
        return await client.chat.completions.create(model=MODEL, messages=MESSAGES)


async def async_chat_streamed(client):
    async with client:
        stream = await client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        return [chunk async for chunk in stream]


async def async_not_found(client):
    async with client:
        return await client.chat.completions.create(model="sim-status-404", messages=MESSAGES)


def failing(code: int, streamed: bool = False):
    return lambda client: client.chat.completions.create(
        model=f"sim-status-{code}", messages=MESSAGES, stream=streamed
    )


CASES = [
    ("chat", chat),
    ("chat, streamed", chat_streamed),
    ("chat, streamed with usage", chat_streamed_with_usage),
    ("chat, streamed, 200 events", chat_long_streamed),
    ("chat with tools", chat_tools),
    ("chat with tools, streamed", chat_tools_streamed),
    ("completion", completion),
    ("completion, streamed", completion_streamed),
    ("embeddings", embeddings),
    ("embeddings as numbers", embeddings_as_numbers),
    ("response", response),
    ("response, streamed", response_streamed),
    ("models", models),
    ("async chat", async_chat),
    ("async chat, streamed", async_chat_streamed),
    ("async 404", async_not_found),
    ("400", failing(400)),
    ("400, streamed", failing(400, streamed=True)),
    ("404", failing(404)),
    ("422", failing(422)),
    ("500", failing(500)),
    ("503", failing(503)),
    ("429", failing(429)),
    ("429, streamed", failing(429, streamed=True)),
]
EXPECTED = {
    "async 404": status(404),
    "400": status(400),
    "400, streamed": status(400),
    "404": status(404),
    "422": status(422),
    "500": status(500),
    "503": status(503),
    "429": status(429),
    "429, streamed": status(429),
}

if __name__ == "__main__":
    print(f"openai {openai.__version__}")
    finish(compare(CASES, make_client, openai.APIError, EXPECTED))
