import DBusControl
import TestSupport
import Testing

@testable import kmictl

/// Every kind of file of sections 17.1 and 17.2 of the provider facts.
struct KeyFileTests {
    private static let kimi = "kimi https://api.kimi.com/coding/v1"

    @Test(
        "reads .env files of KMI Manager",
        arguments: [
            ("alpha.env", "KMI_API_KEY=sk-1", "key alpha sk-1 \(Self.kimi) 0 true -"),
            (
                "x.env",
                """
                KMI_API_KEY="sk-1"          # required
                KMI_KEY_LABEL=alpha
                KMI_KEY_PRIORITY=-10
                KMI_KEY_DISABLED=Yes
                KMI_UPSTREAM_BASE_URL=https://API.moonshot.ai:443/v1/
                KMI_EMAIL=me@example.com
                """, "key alpha sk-1 moonshot https://api.moonshot.ai/v1 -10 false me@example.com"
            ),
            (
                "a.env", "KMI_API_KEY=k\nKMI_UPSTREAM_BASE_URL=http://127.0.0.1:8080/v1",
                "key a k kimi http://127.0.0.1:8080/v1 0 true -"
            ),
            ("a.env", "KMI_API_KEY=k\nKMI_KEY_DISABLED=0\nEMAIL=x@y.z", "key a k \(Self.kimi) 0 true x@y.z"),
            (
                "a.env", "KMI_API_KEY=k\nKMI_EMAIL=nobody",
                "key a k \(Self.kimi) 0 true - [KMI_EMAIL is no e-mail address and is left out]"
            ),
            (
                "a.env", "KMI_API_KEY=k\nKMI_DRY_RUN=1\nLANG=C",
                "key a k \(Self.kimi) 0 true - [passed over: KMI_DRY_RUN, line 3]"
            ),
            ("reconfig.env", "KMI_API_KEY=k", "key reconfig k \(Self.kimi) 0 true -"),
            (".env", "KMI_API_KEY=k", "key key k \(Self.kimi) 0 true -"),
            ("a.env", "OPENAI_API_KEY=k", "passed: holds no KMI_API_KEY"),
            ("a.env", "", "passed: holds no KMI_API_KEY"),
            ("a.env", "KMI_API_KEY=", "error: line 1: KMI_API_KEY is empty"),
            (
                "a.env", "KMI_API_KEY=a b",
                "error: line 1: KMI_API_KEY: expected a key of visible ASCII characters without blanks"
            ),
            (
                "a.env", "KMI_API_KEY=k\nKMI_KEY_PRIORITY=high",
                "error: line 2: KMI_KEY_PRIORITY: expected a whole number; higher ones are chosen first"
            ),
            (
                "a.env", "KMI_API_KEY=k\nKMI_KEY_PRIORITY=9999999999",
                "error: line 2: KMI_KEY_PRIORITY: expected a whole number; higher ones are chosen first"
            ),
            (
                "a.env", "KMI_API_KEY=k\nKMI_KEY_DISABLED=maybe",
                "error: line 2: KMI_KEY_DISABLED: expected true or false"
            ),
            (
                "a.env", "KMI_API_KEY=k\nKMI_KEY_PRIORTIY=1",
                "error: line 2: unknown name KMI_KEY_PRIORTIY. Did you mean KMI_KEY_PRIORITY?"
            ),
            (
                "a.env", "KMI_API_KEY=k\nKMI_UPSTREAM_BASE_URL=http://api.kimi.com",
                "error: line 2: KMI_UPSTREAM_BASE_URL: is plain http to another machine, where everybody on the way could read the key"
            ),
            (
                "a.env", "KMI_API_KEY=k\nKMI_UPSTREAM_BASE_URL=https:///v1",
                "error: line 2: KMI_UPSTREAM_BASE_URL: names no host: \(BaseAddress.expected)"
            ),
        ])
    func readsEnvironment(_ name: String, _ text: String, _ expected: String) {
        #expect(readings(name, text) == [expected])
    }

    private static let example = """
        default_model = "kimi-code/kimi-for-coding"
        [models."kimi-code/kimi-for-coding"]
        provider = "managed:kimi-code"
        model = "kimi-for-coding"
        max_context_size = 262144
        [providers."managed:kimi-code"]
        type = "kimi"
        base_url = "https://api.kimi.com/coding/v1"
        api_key = "sk-kimi-1"
        email = "me@example.com"
        """

    @Test(
        "reads .toml, .json and .bak key files of KMI Manager",
        arguments: [
            ("alpha_config.toml", Self.example, ["key alpha sk-kimi-1 \(Self.kimi) 0 true me@example.com"]),
            (
                "alpha.json.bak",
                #"{"email":"root@example.com","providers":{"kimi-for-coding":{"api_key":"sk-1","base_url":"https://api.kimi.com/coding/v1"}}}"#,
                ["key alpha sk-1 \(Self.kimi) 0 true root@example.com"]
            ),
            (
                "Reconfig.json", #"{"providers":{"moonshot-ai":{"api_key":"k"}}}"#,
                ["key Reconfig k moonshot https://api.moonshot.ai/v1 0 true -"]
            ),
            ("a.BAK", #"{"providers.kimi-for-coding":{"api_key":"k"}}"#, ["key a k \(Self.kimi) 0 true -"]),
            ("a.toml", "[\"providers.kimi-for-coding\"]\napi_key = \"k\"", ["key a k \(Self.kimi) 0 true -"]),
            // The first of the preferred names that has a key.
            (
                "a.toml",
                "[providers.other]\napi_key=\"o\"\nbase_url=\"https://o.example\"\n[providers.\"managed:kimi-code\"]\napi_key=\"\"\n[providers.moonshot-ai]\napi_key=\"m\"",
                [
                    "passed: the provider other has a key too, but the provider moonshot-ai comes first -> --all-providers imports it as well",
                    "key a m moonshot https://api.moonshot.ai/v1 0 true -",
                ]
            ),
            // Else the first one of the file, and not of the alphabet.
            (
                "a.toml",
                "[providers.zeta]\napi_key=\"z\"\ntype=\"openai\"\n[providers.alpha]\napi_key=\"a\"\ntype=\"anthropic\"",
                [
                    "key a z openai https://api.openai.com/v1 0 true -",
                    "passed: the provider alpha has a key too, but the provider zeta comes first -> --all-providers imports it as well",
                ]
            ),
            (
                "a.json", #"{"providers":{"z":{"api_key":"z","type":"openai"},"a":{"api_key":"a","type":"openai"}}}"#,
                [
                    "key a z openai https://api.openai.com/v1 0 true -",
                    "passed: the provider a has a key too, but the provider z comes first -> --all-providers imports it as well",
                ]
            ),
            ("a.json", #"{"providers":{"x":{"api_key":""}}}"#, ["passed: no provider in it has an API key"]),
            ("a.json", "{}", ["passed: holds no providers, so that it is no key file"]),
            (
                "a.json", #"{"access_token":"x","refresh_token":"y"}"#,
                ["passed: signed in by OAuth, no API key -> \(ProviderEntry.signedInAdvice)"]
            ),
            ("a.json", #"{"providers":[]}"#, ["error: providers: expected a table of providers, found a list"]),
            ("a.json", #"{"providers":{"x":1}}"#, ["error: providers.x: expected a table, found a number"]),
            (
                "a.json", #"{"providers":{"x":{"api_key":1}}}"#,
                ["error: providers.x.api_key: expected a text in quotes, found a number"]
            ),
            (
                "a.json", #"{"providers":{"x":{"api_key":"k"}}}"#,
                ["error: providers.x.base_url: is missing: \(BaseAddress.expected)"]
            ),
            (
                "a.json", #"{"providers":{"x":{"apikey":"k"}}}"#,
                ["error: providers.x.apikey: unknown key. Did you mean api_key?"]
            ),
            (
                "a.json", #"{"providers":{"x":{"api_key":"k"}},"providers.x":{}}"#,
                ["error: \"providers.x\": the provider stands under providers already"]
            ),
            ("a.txt", "", ["error: \(KeyFileName.expected)"]),
        ] as [(String, String, [String])])
    func readsKeyFiles(_ name: String, _ text: String, _ expected: [String]) {
        #expect(readings(name, text) == expected)
    }

    @Test(
        "reads the configurations of Kimi clients",
        arguments: [
            (Self.example, ["key kimi-code sk-kimi-1 \(Self.kimi) 0 true me@example.com"]),
            // The provider of the default model, whatever stands first.
            (
                "default_model = \"m\"\n[models.m]\nprovider = \"o\"\n[providers.\"managed:kimi-code\"]\napi_key = \"k\"\n[providers.o]\ntype = \"openai\"\napi_key = \"o\"",
                [
                    "passed: the provider managed:kimi-code has a key too, but the provider o is the one of the default model -> --all-providers imports it as well",
                    "key o o openai https://api.openai.com/v1 0 true -",
                ]
            ),
            // After a login.
            (
                "[providers.\"managed:kimi-code\"]\napi_key = \"\"\n[providers.\"managed:kimi-code\".oauth]\nstorage = \"file\"\nkey = \"oauth/kimi-code\"",
                ["passed: signed in by OAuth, no API key -> \(ProviderEntry.signedInAdvice)"]
            ),
            (
                "[providers.kimi.env]\nKIMI_API_KEY = \"e\"\nKIMI_BASE_URL = \"https://api.kimi.ai/coding/v1\"",
                ["key kimi e kimi https://api.kimi.ai/coding/v1 0 true -"]
            ),
            (
                "[providers.o]\ntype = \"openai_responses\"\napi_key_env = \"MY_KEY\"",
                ["key o from-env openai https://api.openai.com/v1 0 true -"]
            ),
            (
                "[providers.o]\ntype = \"openai\"\napi_key_env = \"NO_KEY\"",
                [
                    "passed: the key of the provider o lies in the variable NO_KEY, which is not set -> set it for kmictl import, or use kmictl keys add"
                ]
            ),
            (
                "[providers.g]\ntype = \"google-genai\"\nbase_url = \"https://generativelanguage.googleapis.com\"\napi_key = \"g\"",
                ["key g g gemini https://generativelanguage.googleapis.com/v1beta/openai 0 true -"]
            ),
            (
                "[providers.v]\ntype = \"vertexai\"",
                ["passed: the provider v signs in to Google Cloud and has no API key"]
            ),
            (
                "[providers.k]\ntype = \"kimi\"\napi_key = \"k\"\n[services.moonshot_search]\nbase_url = \"x\"\napi_key = \"s\"\n[services.moonshot_fetch]\napi_key = \"\"",
                [
                    "key k k \(Self.kimi) 0 true -",
                    "passed: services.moonshot_search has a key, which is for that service alone",
                ]
            ),
            ("default_model = \"\"\n[providers]\n", ["passed: holds no providers, so that it is no key file"]),
            (
                "default_model = \"mm\"\n[models.m]\nprovider = \"o\"\n[providers.o]",
                ["error: default_model: there is no model of that name. Did you mean m?"]
            ),
            (
                "default_model = \"m\"\n[models.m]\nprovider = \"oo\"\n[providers.o]",
                ["error: models.m.provider: there is no provider oo. Did you mean o?"]
            ),
            ("default_model = 1\n[providers.o]", ["error: default_model: expected a text in quotes, found a number"]),
        ])
    func readsConfigurations(_ text: String, _ expected: [String]) {
        #expect(readings("config.toml", text, isClient: true, variables: ["MY_KEY": "from-env"]) == expected)
    }

    @Test("takes all providers if it is told to")
    func takesAll() {
        let text = "[providers.z]\napi_key=\"z\"\ntype=\"openai\"\n[providers.a]\napi_key=\"a\"\ntype=\"anthropic\""
        #expect(
            readings("config.toml", text, isClient: true, takesAll: true) == [
                "key z z openai https://api.openai.com/v1 0 true -",
                "key a a anthropic https://api.anthropic.com 0 true -",
            ])
    }

    @Test(
        "compares addresses in one spelling, and refuses those that keys must not be sent to",
        arguments: [
            ("https://API.Example.com:443/v1//", "https://api.example.com/v1"), ("HTTPS://a", "https://a"),
            ("https://a:8443/x", "https://a:8443/x"), ("http://localhost:80/v1", "http://localhost/v1"),
            ("http://[::1]:8080", "http://[::1]:8080"), ("http://127.0.0.2", "http://127.0.0.2"),
            ("unix:/run/llm.sock:/v1", "unix:/run/llm.sock:/v1"), ("http://a", nil), ("http://127.evil.example", nil),
            ("https://", nil), ("https://u@a", nil), ("https://a?b", nil), ("https://a#b", nil), ("ftp://a", nil),
            ("a.example", nil),
            ("https://a:0", nil), ("https://a:99999", nil), ("https://[zz]", nil), ("https://a b", nil), ("", nil),
            ("https://-a", nil),
        ])
    func readsAddresses(_ text: String, _ expected: String?) {
        #expect((try? BaseAddress(text).description) == expected)
    }

    @Test(
        "makes labels",
        arguments: [
            ("alpha", "alpha"), ("a@b.c+d_e-f", "a@b.c+d_e-f"), ("My  Key", "My-Key"), ("_x", "x"),
            ("schlüssel", "schl-ssel"),
            ("--", nil), ("", nil), ("é", nil), ("a\u{1B}[1m", "a-1m"),
            (String(repeating: "x", count: 80), String(repeating: "x", count: 64)),
        ])
    func makesLabels(_ text: String, _ expected: String?) {
        #expect(LabelText.label(of: text) == expected)
    }

    @Test("gives a label that is taken a number, and keeps it short enough")
    func numbersLabels() {
        #expect(LabelText.free("a", taken: ["b"]) == "a")
        #expect(LabelText.free("a", taken: ["a", "a-2"]) == "a-3")
        let long = String(repeating: "x", count: 64)
        #expect(LabelText.free(long, taken: [long]) == String(repeating: "x", count: 62) + "-2")
    }

    @Test("takes e-mail addresses only for what they are (K-036)")
    func checksEmail() {
        for text in ["me@example.com", "a.b+c@x-y.co.uk"] { #expect(EmailText.isValid(text)) }
        for text in ["", "me", "me@localhost", "a@@b.c", ".a@b.c", "a@b..c", "a b@c.d", "a@-b.c", "x\u{1B}@b.c"] {
            #expect(!EmailText.isValid(text))
        }
    }
}
