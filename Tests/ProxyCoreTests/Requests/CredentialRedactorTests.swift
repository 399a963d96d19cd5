import ProxyCore
import Testing

@Suite("Taking credentials out of bodies that are kept (X-011)")
struct CredentialRedactorTests {
    private static let known = "known/secret+value=="
    private static let other = "sk-kimi-AbCdEfGhIjKlMnOpQrStUvWx"

    private func redact(_ text: String, isCut: Bool = false, secrets: [String] = [known, other]) -> String {
        let redactor = CredentialRedactor(secrets: secrets.map { Secret(bytes: Array($0.utf8)) })
        return String(decoding: redactor.redacted(Array(text.utf8), isCut: isCut), as: UTF8.self)
    }

    @Test(
        "takes known secrets out wherever they stand",
        arguments: [
            ("known/secret+value==", "[redacted]"),
            ("a known/secret+value== b", "a [redacted] b"),
            ("xknown/secret+value==x", "x[redacted]x"),
            ("known/secret+value==known/secret+value==", "[redacted]"),
            (#"{"a":"known\/secret+value=="}"#, #"{"a":"[redacted]"}"#),
            (#"{"a":"\u006Bnown/secret\u002bvalue=="}"#, #"{"a":"[redacted]"}"#),
            (#"{"a":"{\"b\":\"known\\/secret+value==\"}"}"#, #"{"a":"{\"b\":\"[redacted]\"}"}"#),
            ("known/secret+value=", "known/secret+value="),
            ("", ""),
        ])
    func knownSecrets(text: String, expected: String) {
        #expect(self.redact(text) == expected)
    }

    @Test(
        "takes out what has the form of a credential",
        arguments: [
            ("Bearer abcdef123456", "Bearer [redacted]"),
            ("bearer abcdefghijklmnop.", "bearer [redacted]"),
            ("BEARER%20abcdEfgh", "BEARER%20[redacted]"),
            ("use sk-abcdefghijklmnop, please", "use [redacted], please"),
            ("sk-ant-api03-AbC_dEf-123456", "[redacted]"),
            (#""sk-proj-0123456789abcdef""#, #""[redacted]""#),
            (#"{"t":"line\nsk-0123456789abcdef"}"#, #"{"t":"line\n[redacted]"}"#),
            ("AIzaSyA-1234567890_abcdefghijklmnopqrstu", "[redacted]"),
            ("ghp_0123456789abcdefghij", "[redacted]"), ("github_pat_11AAAAAAA0_abcdef", "[redacted]"),
            ("xoxb-123456789012-abcdef", "[redacted]"), ("AKIAIOSFODNN7EXAMPLE", "[redacted]"),
            ("a%3Dsk-0123456789abcdef", "a%3D[redacted]"), ("hf_abcdefghijklmnop", "[redacted]"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def_123 x", "[redacted] x"),
            ("https://h/v1?alt=sse&key=AIzb&x=1", "https://h/v1?alt=sse&key=[redacted]&x=1"),
            ("https://h/?key=a%2Fb", "https://h/?key=[redacted]"),
            (#""https:\/\/h\/?a=1\u0026key=short""#, #""https:\/\/h\/?a=1\u0026key=[redacted]""#),
        ])
    func forms(text: String, expected: String) {
        #expect(self.redact(text, secrets: []) == expected)
    }

    @Test(
        "takes out values whose name says what they are",
        arguments: [
            "api_key", "apiKey", "api-key", "x-api-key", "X-Goog-Api-Key", "authorization", "Proxy-Authorization",
            "password", "secret", "token", "access_token", "refreshToken", "client_secret", "OPENAI_API_KEY",
            "private_key",
        ])
    func names(name: String) {
        #expect(self.redact(#"{"\#(name)":"one two","b":"kept"}"#) == #"{"\#(name)":"[redacted]","b":"kept"}"#)
        #expect(self.redact(#"{"\#(name)" : "a\"b" }"#) == #"{"\#(name)" : "[redacted]" }"#)
        #expect(self.redact(#"{'\#(name)': 'x', 'b': 'kept'}"#) == #"{'\#(name)': '[redacted]', 'b': 'kept'}"#)
        #expect(
            self.redact(#"{"arguments":"{\"\#(name)\":\"hunter\",\"b\":\"kept\"}"}"#)
                == #"{"arguments":"{\"\#(name)\":\"[redacted]\",\"b\":\"kept\"}"}"#)
        #expect(self.redact("\(name)=hunter22\n") == "\(name)=[redacted]\n")
        #expect(self.redact(#"data: {"\#(name)":"x"}"# + "\n\n") == #"data: {"\#(name)":"[redacted]"}"# + "\n\n")
        #expect(self.redact(#"{"\#(name)":"cut off"#, isCut: true) == #"{"\#(name)":"[redacted]"#)
        #expect(self.redact(#"{"\#(name)":{"type":"string"}}"#) == #"{"\#(name)":{"type":"string"}}"#)
        #expect(self.redact(#"{"\#(name)":null,"a":["\#(name)"]}"#) == #"{"\#(name)":null,"a":["\#(name)"]}"#)
    }

    @Test(
        "takes out header fields within texts",
        arguments: [
            (#"curl -H "Authorization: Bearer tiny""#, #"curl -H "Authorization: Bearer [redacted]""#),
            (#"-H 'x-api-key: abc12345' -d"#, #"-H 'x-api-key: [redacted]' -d"#),
            ("Authorization: Basic dTpw\r\nAccept: */*", "Authorization: Basic [redacted]\r\nAccept: */*"),
            ("export HF_TOKEN=abcdefgh1 && run", "export HF_TOKEN=[redacted] && run"),
            ("password=\"correct horse\"", "password=\"[redacted]\""),
        ])
    func headers(text: String, expected: String) {
        #expect(self.redact(text) == expected)
    }

    @Test(
        "takes out the whole value of an assignment, whatever is in it",
        arguments: [
            ("secret_key=abc/def0123456/x end", "secret_key=[redacted] end"),
            ("secret_key=abc/defgh", "secret_key=[redacted]"),
            ("client_secret=a.b.c~d-e_f;x=1", "client_secret=[redacted];x=1"),
            ("password: p@ss/word\nnext", "password: [redacted]\nnext"),
            ("password=p@ss/word&user=me", "password=[redacted]&user=me"),
            ("PGPASSWORD=correct/horse-battery, x", "PGPASSWORD=[redacted], x"),
            (
                "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
                "aws_secret_access_key=[redacted]\n"
            ),
            ("aws_session_token=IQoJb3JpZ2lu/X2VjE+aB== ", "aws_session_token=[redacted] "),
            ("aws_secret_access_key = wJalr/K7MD", "aws_secret_access_key = [redacted]"),
            (#"{"t":"password=p@ss\/word\nkept words"}"#, #"{"t":"password=[redacted]\nkept words"}"#),
            ("`api_key=ab.cd/12345` or", "`api_key=[redacted]` or"),
            ("Authorization: Basic \t dTp/w+==", "Authorization: Basic \t [redacted]"),
            ("authorization:\tBearer\ttiny", "authorization:\tBearer\t[redacted]"),
            ("Bearer   abcdef123456", "Bearer   [redacted]"), ("Bearer\tabcdef123456", "Bearer\t[redacted]"),
            (#"{"t":"Bearer\tabcdef123456"}"#, #"{"t":"Bearer\t[redacted]"}"#),
            ("sk-abcdefghi", "[redacted]"), ("sk-test-1234", "[redacted]"), ("sk-a-B_cdefgh", "[redacted]"),
        ])
    func wholeValues(text: String, expected: String) {
        #expect(self.redact(text, secrets: []) == expected)
    }

    @Test(
        "takes out cookies and the passwords of addresses",
        arguments: [
            ("Cookie: session=abc; theme=dark\r\nHost: h", "Cookie: [redacted]\r\nHost: h"),
            ("set-cookie: sid=\"a b\"; Path=/; HttpOnly\nx", "set-cookie: [redacted]\nx"),
            (#"curl -H 'Cookie: a=b' x"#, #"curl -H 'Cookie: [redacted]' x"#),
            (#"{"Cookie":"a=b; c=d","x":1}"#, #"{"Cookie":"[redacted]","x":1}"#),
            (#"{"t":"Set-Cookie: a=b\r\nkept"}"#, #"{"t":"Set-Cookie: [redacted]\r\nkept"}"#),
            ("https://user:PASS@host/path", "https://user:[redacted]@host/path"),
            ("postgres://u:p@s:s@db:5432/x", "postgres://u:[redacted]@db:5432/x"),
            ("redis://:tiny@cache", "redis://:[redacted]@cache"),
            ("secret=postgres://u:PASS@db", "secret=postgres://u:[redacted]@db"),
            (#""https:\/\/user:PASS@host\/""#, #""https:\/\/user:[redacted]@host\/""#),
        ])
    func cookiesAndAddresses(text: String, expected: String) {
        #expect(self.redact(text, secrets: []) == expected)
    }

    @Test("takes out the password of an address that is cut off, but no port")
    func cutAddresses() {
        #expect(self.redact("https://user:PAS", isCut: true) == "https://user:[redacted]")
        #expect(self.redact("https://user:PAS", isCut: false) == "https://user:PAS")
        #expect(self.redact("http://localhost:80", isCut: true) == "http://localhost:80")
    }

    @Test(
        "leaves programs, paths and sentences alone",
        arguments: [
            "password=getpass.getpass()", "api_key=os.getenv(\"KEY\")", "apiKey: process.env.OPENAI_API_KEY,",
            "token = request.headers.authorization", "password: $DB_PASSWORD", "password=${DB_PASSWORD}",
            "password=%DB_PASSWORD%", "token: {{ token }}", "api_key=<YOUR_API_KEY>", "if password == other_password",
            "private_key=/etc/ssl/private/server.pem", "secret: ./secrets/db", "token: input/output/both",
            "token: input/output-related", "password: required/optional", "the secret: confidential!",
            "password: something.", "secret: https://example.com/docs", "token: Optional[str]",
            "Authorization: Bearer <token>", "Authorization: Bearer ${TOKEN}", "Authorization: Basic {value}",
            "cookie: a small biscuit", "Cookie: none", #"{"cookie":"chocolate"}"#, "a cookie = sweet",
            "http://localhost:8080/a@b", "http://h:80", "see https://example.org: mail me@example.org",
            "https://me@example.org/", "ssh://git@h:22/x", "sk-learn-based", "sk-learn-contr", "the task-runner",
            "bearer   of good news", "note://a b:c@d", "time: 12:30@home", "Cookie: ", "Set-Cookie:", "://:@",
            "secret=$",
        ])
    func programs(text: String) {
        #expect(self.redact(text, secrets: []) == text)
    }

    @Test("takes out private keys, whole or cut")
    func privateKeys() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"
        #expect(self.redact("a\n\(key)\nb") == "a\n[redacted]\nb")
        #expect(self.redact("token: \n \(key)\nb") == "token: \n [redacted]\nb")
        #expect(self.redact("{\"k\":\"\(key.replacing("\n", with: "\\n"))\"}") == #"{"k":"[redacted]"}"#)
        #expect(self.redact("a " + key.prefix(45), isCut: true) == "a [redacted]")
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIEow\n-----END CERTIFICATE-----"
        #expect(self.redact(certificate) == certificate)
    }

    @Test(
        "leaves ordinary words alone",
        arguments: [
            "the bearer of good news and bearer authentication", "task-management-and-risk-assessment", "sk-learn",
            "the secret: a good recipe", "She said the password: \"open, sesame\"", "max_tokens=1024",
            #"{"max_tokens":1024,"model":"kimi-k2","key":"value"}"#, "token: the smallest unit", "keyboard = qwerty",
            "api_key: str = Field(default=None)", "monkey=banana", "AIza", "Bearer ", "Bearer", "=", ":", "\"", "\\",
            "\\u12",
            #"{"usage":{"prompt_tokens":10,"completion_tokens":20}}"#, "https://h/?keyword=llm&turkey=food",
            "-----BEGIN nothing", "eyJ", "e-mail: someone@example.org",
            #"{"role":"user","content":"What is a token?"}"#,
            "C:\\temp\\new\\users", #"{"required":["password","token"]}"#, "früh \u{1F511} secret",
        ])
    func ordinaryWords(text: String) {
        #expect(self.redact(text) == text)
        #expect(self.redact(text + " ", isCut: true) == text + " ")
    }

    @Test("takes out what the end of the text cuts off, from the eighth byte of a known secret on")
    func cut() {
        for count in 1..<Self.known.count {
            let text = "text " + Self.known.prefix(count)
            #expect(self.redact(text, isCut: true) == (count < 8 ? text : "text [redacted]"), "\(count) bytes")
            #expect(self.redact(text, isCut: false) == text)
        }
        let escaped = #"text \u006bnown\/sec"#
        #expect(self.redact(escaped, isCut: true) == "text [redacted]")
        #expect(self.redact(escaped + #"\u00"#, isCut: true) == #"text [redacted]\u00"#)
        #expect(self.redact("text sk-proj-A", isCut: true, secrets: []) == "text [redacted]")
        #expect(self.redact("text sk-proj-A", isCut: false, secrets: []) == "text sk-proj-A")
        #expect(self.redact("abababababab", isCut: true, secrets: ["ababababababX"]) == "[redacted]")
    }

    @Test("survives bytes that are no text, and ends on texts that repeat themselves", .timeLimit(.minutes(5)))
    func hostileTexts() {
        let redactor = CredentialRedactor(secrets: [Secret(bytes: Array(Self.known.utf8))])
        #expect(redactor.redacted([0xFF, 0x00, 0x80, 0x5C], isCut: true) == [0xFF, 0x00, 0x80, 0x5C])
        let pieces = [
            "eyJ-", "Bearer ", "-----BEGIN ", "\"", "\\", "secret:'", "a=", ":", "sk-", "\"token\" ", "=", "\\u005c",
            " ",
            "-----BEGIN PRIVATE KEY----", "secret:\"\\\\", "known/se", "secret=(", "token:token:", "token:a.",
            "password:",
            "://a:", "a://a:b", "Cookie: a=\"", "cookie:", "Bearer\t", "secret=$a", "password:/a",
        ]
        for piece in pieces {
            let text = Array(String(repeating: piece, count: 16_384 / piece.utf8.count).utf8)
            // A walk that is not linear takes longer than the test may: minutes instead of a second.
            let result = redactor.redacted(text, isCut: true)
            #expect(result.count <= 10 * text.count)
        }
    }
}
