import Testing

/// Streams in the shapes in which providers send them, shortened.
struct StreamCorpus: Sendable, CustomTestStringConvertible {
    var name: String
    /// What each event means, in a letter: k alive, p preamble, c content, e end, x error.
    var meanings: String
    var text: String

    var testDescription: String { self.name }

    static let all = [
        Self.openAIChat, Self.chatTool, Self.openAIResponses, Self.anthropic, Self.anthropicThinking,
        Self.anthropicOverloaded, Self.gemini, Self.geminiLimited, Self.openRouter, Self.deepSeek, Self.moonshot,
        Self.odd,
    ]

    static let openAIChat = Self(
        name: "OpenAI chat", meanings: "pccepe",
        text: """
            data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"obfuscation":"xy"}

            data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Grüße, \\n\\"error\\" 🙂"},"finish_reason":null}]}

            data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" data: x"},"finish_reason":null}]}

            data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

            data: {"id":"c1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}

            data: [DONE]


            """)

    static let chatTool = Self(
        name: "OpenAI chat with a tool call", meanings: "pcce",
        text: """
            data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]}

            data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":null}]}

            data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"a\\":"}}]},"finish_reason":null}]}

            data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}


            """)

    static let openAIResponses = Self(
        name: "OpenAI Responses", meanings: "pppppcpcce",
        text: """
            event: response.created
            data: {"type":"response.created","sequence_number":0,"response":{"id":"r","status":"in_progress","error":null,"output":[]}}

            event: response.in_progress
            data: {"type":"response.in_progress","sequence_number":1,"response":{"id":"r","status":"in_progress","error":null}}

            event: response.output_item.added
            data: {"type":"response.output_item.added","output_index":0,"item":{"id":"rs","type":"reasoning","summary":[]}}

            event: response.output_item.added
            data: {"type":"response.output_item.added","output_index":1,"item":{"id":"msg","type":"message","status":"in_progress","content":[],"role":"assistant"}}

            event: response.content_part.added
            data: {"type":"response.content_part.added","part":{"type":"output_text","annotations":[],"logprobs":[],"text":""}}

            event: response.output_text.delta
            data: {"type":"response.output_text.delta","delta":"Hé"}

            event: response.output_text.delta
            data: {"type":"response.output_text.delta","delta":""}

            event: response.output_text.done
            data: {"type":"response.output_text.done","text":"Hé"}

            event: response.output_item.added
            data: {"type":"response.output_item.added","item":{"type":"function_call","name":"f","arguments":""}}

            event: response.completed
            data: {"type":"response.completed","response":{"id":"r","status":"completed","error":null,"usage":{"input_tokens":1,"output_tokens":1}}}


            """)

    static let anthropic = Self(
        name: "Anthropic Messages", meanings: "ppkcpee",
        text: """
            event: message_start
            data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"claude","stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            event: ping
            data: {"type": "ping"}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"日本"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}

            event: message_stop
            data: {"type":"message_stop"}


            """)

    static let anthropicThinking = Self(
        name: "Anthropic Messages with thinking and a tool", meanings: "ppccpcpepe",
        text: """
            event: message_start
            data: {"type":"message_start","message":{"id":"m","content":[]}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

            event: content_block_start
            data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{"}}

            event: message_delta
            data: {"type":"message_delta","delta":{},"usage":{"output_tokens":2}}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":2}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":1}

            event: message_stop
            data: {"type":"message_stop"}


            """)

    static let anthropicOverloaded = Self(
        name: "Anthropic Messages, overloaded", meanings: "pkx",
        text: """
            event: message_start
            data: {"type":"message_start","message":{"id":"m","content":[]}}

            event: ping
            data: {"type": "ping"}

            event: error
            data: {"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},"request_id":"q"}


            """)

    static let gemini = Self(
        name: "Gemini", meanings: "pccpe",
        text: """
            data: {"usageMetadata":{"promptTokenCount":4},"modelVersion":"gemini","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"text":"Hallo"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":4}}

            data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}],"role":"model"},"index":0}]}

            data: {"candidates":[{"content":{"parts":[{"text":"","thought":true}],"role":"model"},"index":0}]}

            data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}]}


            """)

    static let geminiLimited = Self(
        name: "Gemini, limited", meanings: "xx",
        text: """
            data: {"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED"}}

            data: [{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]


            """)

    static let openRouter = Self(
        name: "OpenRouter", meanings: "kkpcxe",
        text: """
            : OPENROUTER PROCESSING

            : OPENROUTER PROCESSING

            data: {"id":"g","provider":"X","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null,"native_finish_reason":null}]}

            data: {"id":"g","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning":"Hm","reasoning_details":[{"type":"reasoning.text","text":"Hm"}]},"finish_reason":null}]}

            data: {"id":"g","error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}

            data: [DONE]


            """)

    static let deepSeek = Self(
        name: "DeepSeek", meanings: "kkpcce",
        text: """
            : keep-alive

            : keep-alive

            data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":""},"finish_reason":null}]}

            data: {"choices":[{"index":0,"delta":{"content":null,"reasoning_content":"Let"},"finish_reason":null}]}

            data: {"choices":[{"index":0,"delta":{"content":"me","reasoning_content":null},"finish_reason":null}],"error":null}

            data: [DONE]


            """)

    static let moonshot = Self(
        name: "Moonshot and Kimi", meanings: "pce",
        text: """
            data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"system_fingerprint":"fpv0"}

            data: {"choices":[{"index":0,"delta":{"content":"好"},"finish_reason":null}]}

            data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":1,"completion_tokens":1}}]}


            """)

    static let odd = Self(
        name: "what the format allows", meanings: "kckckcc",
        text: """
            : a comment
            :
            retry: 3000

            id: 7
            event: note
            data
            data:  two blanks
            data:no blank
            id

            event: named without data

            data: 1
            data: 2
            : between
            data:

            data

            Data: unknown field
            : x

            data:data
            eventual: 1


            """)
}
