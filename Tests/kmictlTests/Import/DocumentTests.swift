import DBusControl
import TestSupport
import Testing

@testable import kmictl

/// A document in one line, its tables in order of their names.
private func shown(_ node: DocumentNode) -> String {
    switch node {
    case .text(let text): "'\(text.plain)'"
    case .list(let list): "[\(list.map(shown).joined(separator: ","))]"
    case .table(let table): shown(table)
    case .other(let kind): kind
    }
}

private func shown(_ table: DocumentTable) -> String {
    "{" + table.members.sorted { $0.name < $1.name }.map { "\($0.name):\(shown($0.value))" }.joined(separator: ",")
        + "}"
}

struct DocumentTests {
    @Test(
        "reads JSON (RFC 8259)",
        arguments: [
            (#"{}"#, "{}"), (" \n{ } \n", "{}"), ("\u{FEFF}{}", "{}"),
            (
                #"{"a":"b","c":{"d":["e",1,-0.5e+3,true,false,null,[],{}]}}"#,
                "{a:'b',c:{d:['e',a number,a number,true or false,true or false,null,[],{}]}}"
            ),
            (
                #"{"a":"\"\\\/\b\f\n\r\té😀","b":"\u00e9\ud83d\ude00"}"#,
                "{a:'\"\\/\u{8}\u{C}\n\r\té😀',b:'é😀'}"
            ),
        ])
    func readsJSON(_ text: String, _ expected: String) throws {
        #expect(shown(try JSONDocument.parse(SecretText(text))) == expected)
    }

    @Test(
        "refuses what is no JSON by its line, and repeats nothing of it (K-016)",
        arguments: [
            "", "[]", "\"a\"", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}x", "{a:1}", "{'a':1}", "{\"a\":01}",
            "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":1e}", "{\"a\":tru}", "{\"a\":nul}", "{\"a\":\"x}",
            "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u+123\"}", "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\\udc00\"}", "{\"a\":\"\u{1}\"}", "{\"a\":1,\"a\":2}", "{\"a\":1 \"b\":2}", "{\"a\":[1 2]}",
            "{\"a\":[1,]}", "{} // x", "{\"a\":NaN}", "{\"a\":\"\\",
        ])
    func refusesJSON(_ text: String) {
        let error = #expect(throws: KeyFileError.self) { try JSONDocument.parse(SecretText("\n" + text)) }
        #expect(error?.place == "line 2", "\(error?.text ?? "")")
    }

    @Test("bounds the depth of JSON", .timeLimit(.minutes(5)))
    func boundsJSON() {
        let open = String(repeating: "[", count: 100_000)
        #expect(throws: KeyFileError.self) { try JSONDocument.parse(SecretText("{\"a\":" + open)) }
        let deep = String(repeating: "{\"a\":", count: 63) + "1" + String(repeating: "}", count: 63)
        #expect(throws: Never.self) { try JSONDocument.parse(SecretText(deep)) }
    }

    @Test(
        "reads TOML 1.0 (K-018)",
        arguments: [
            ("", "{}"), ("# only a comment", "{}"), ("\u{FEFF}a = 1", "{a:a number}"),
            ("a = 1\r\nb = 2\r\n", "{a:a number,b:a number}"),
            ("a = 0xDEAD_BEEF\nb = 0o17\nc = 0b101\nd = +1_000", "{a:a number,b:a number,c:a number,d:a number}"),
            ("a = 1e3\nb = -inf\nc = nan", "{a:a number,b:a number,c:a number}"),
            ("a = true", "{a:true or false}"),
            ("a = 1979-05-27 00:32:00.5-07:00\nb = 07:32:00", "{a:a date or time,b:a date or time}"),
            (#"a = "x\t\"\\\u00e9\U0001F600""#, "{a:'x\t\"\\é😀'}"), (#"a = 'C:\x'"#, #"{a:'C:\x'}"#),
            ("a = \"\"\"\nx\n  y \\\n   z\"\"\"", "{a:'x\n  y z'}"), ("a = '''\n'x''y'''", "{a:''x''y'}"),
            ("a.b.c = \"1\"\na.\"d.e\" = \"2\"", "{a:{b:{c:'1'},d.e:'2'}}"),
            ("\"\" = \"1\"\n'k' = \"2\"", "{:'1',k:'2'}"),
            ("a = [ 1, \"x\", [ ], # c\n { b = 1 },\n]", "{a:[a number,'x',[],{b:a number}]}"),
            ("[a]\n[a.b]\nc = 1\n[ d . 'e' ]", "{a:{b:{c:a number}},d:{e:{}}}"),
            ("[[a]]\nb = 1\n[[a]]\n[a.c]\nd = 2", "{a:[{b:a number},{c:{d:a number}}]}"),
            ("[a.b]\n[a]\nc = 1", "{a:{b:{},c:a number}}"),
        ])
    func readsTOML(_ text: String, _ expected: String) throws {
        #expect(shown(try TOMLDocument.parse(SecretText(text))) == expected)
    }

    @Test(
        "refuses what is no TOML by its line (K-016, K-018)",
        arguments: [
            "\na = ", "\na", "\n= 1", "\na = 1 b = 2", "\na = 1\na = 2", "\na b = 1", "\na = 01", "\na = 1__0",
            "\na = _1",
            "\na = 1.", "\na = .5", "\na = 0x", "\na = 9223372036854775808", "\na = True", "\na = \"x",
            "\na = \"x\ny\"",
            "\na = \"\\q\"", "\na = \"\\uD800\"", "\na = 'x", "\na = [1", "\na = [1 2]", "\na = { b = 1, }",
            "\na = { b = 1\n}", "\na = {}\na.b = 1", "\n[a]\n[a]", "\n[a", "\n[]", "\n[[a]", "\n[a]b = 1",
            "\na = 1\n[a]",
            "\na = []\n[[a]]", "\n[[a]]\n[a]", "\na = 2020-13-01", "\na = 25:00:00", "\na = \"\u{7F}\"",
            "\na = \"\\u0000\"",
        ])
    func refusesTOML(_ text: String) throws {
        let error = #expect(throws: KeyFileError.self) { try TOMLDocument.parse(SecretText(text)) }
        let place = try #require(error?.place)
        #expect(["line 2", "line 3"].contains(place), "\(error?.text ?? "")")
    }

    @Test("never repeats what may be a secret in the wrong place (K-016)")
    func repeatsNothing() {
        let secret = "sk-planted-secret-0123456789"
        let files = [
            ("a.toml", "\(secret) = 1\n\(secret) = 2"), ("a.toml", "[providers.x]\napi_key = \(secret)"),
            ("a.toml", "api_key = \"\(secret)\" \"\(secret)\""), ("a.json", "{\"api_key\": \(secret)}"),
            ("a.json", "{\"\(secret)\": 1, \"\(secret)\": 2}"), ("a.env", secret), ("a.env", "KMI_API_KEY=\"\(secret)"),
            ("a.env", "KMI_API_KEY=\(secret) x"), ("a.env", "KMI_KEY_PRIORITY=\(secret)\nKMI_API_KEY=x"),
            ("a.env", "KMI_UPSTREAM_BASE_URL=http://\(secret)\nKMI_API_KEY=x"),
            ("a.env", "KMI_KEY_DISABLED=\(secret)\nKMI_API_KEY=x"),
            ("a.toml", "[providers.x]\nbase_url = \"https://u:\(secret)@a.example\"\napi_key = \"k\""),
        ]
        for (name, text) in files {
            let result = readings(name, text)
            #expect(result.first?.hasPrefix("error: ") == true, "\(name): \(text): \(result)")
            #expect(!result.joined().contains(secret), "\(result)")
        }
    }

    @Test(
        "ends the words of the TOML parser before what they quote (K-016)",
        arguments: [
            "api_key = 12345678901234567890123", "a = {}\n[a.12345678901234567890123]",
            "a = 1\n[a.'x, saw y'.12345678901234567890123]", "a = 0x12345678901234567890123",
            "12345678901234567890123 = 1\n12345678901234567890123 = 2", "api_key = f12345678901234567890123",
        ])
    func quotesNothing(_ text: String) throws {
        let error = try #require(throws: KeyFileError.self) { try TOMLDocument.parse(SecretText(text)) }
        #expect(!error.text.contains("1234"), "\(error.text)")
        #expect(error.message.contains("Error while parsing"))
    }

    @Test("tells what the TOML parser expected")
    func tellsExpectations() {
        let error = #expect(throws: KeyFileError.self) { try TOMLDocument.parse(SecretText("[a\nb = 1")) }
        #expect(error?.message.contains("expected ']'") == true, "\(error?.text ?? "")")
    }

    @Test("names nothing that may be a secret in the place of a name")
    func namesNothing() {
        let secret = "c2stcGxhbnRlZC0wMTIzNDU2Nzg5"
        for text in ["KMI_API_KEY=k\n\(secret)==", "\(secret)==\n\(secret)=="] {
            #expect(!readings("a.env", text).joined().contains(secret))
        }
        let toml = "[providers.x]\ntype = \"openai\"\napi_key_env = \"sk-planted-0123456789\""
        #expect(
            readings("a.toml", toml) == ["error: providers.x.api_key_env: expected the name of an environment variable"]
        )
    }

    @Test("refuses bytes that are no text, by their line")
    func refusesBytes() {
        for parse: (SecretText) throws -> Void in [
            { _ = try TOMLDocument.parse($0) }, { _ = try JSONDocument.parse($0) },
            { _ = try EnvironmentFile.parse($0) },
        ] {
            for bytes: [UInt8] in [[0x0A, 0x22, 0xFF, 0x22], [0x0A, 0x00], [0x0A, 0xED, 0xA0, 0x80]] {
                let error = #expect(throws: KeyFileError.self) { try parse(SecretText(bytes: bytes)) }
                #expect(error?.place == "line 2")
            }
        }
    }

    @Test(
        "reads NAME=VALUE lines",
        arguments: [
            ("", ""), ("# x\n\n  # y\n", ""), ("A=1", "A=1@1"), ("\u{FEFF}A=1\r\nB=2\r\n", "A=1@1 B=2@2"),
            ("  export A = 1  ", ""), ("export A=1", "A=1@1"), ("A=\nB=x", "A=@1 B=x@2"), ("A=1 # remark", "A=1@1"),
            ("A=1#2", "A=1#2@1"), ("A='a b # c'", "A=a b # c@1"), (#"A="a\"\\\$b" # x"#, #"A=a"\$b@1"#),
            ("A=a=b", "A=a=b@1"),
            ("A= x ", "A=x@1"), ("A=#x", "A=@1"),
        ])
    func readsEnvironment(_ text: String, _ expected: String) {
        let result: String
        do throws(KeyFileError) {
            result = try EnvironmentFile.parse(SecretText(text))
                .map { "\($0.name)=\($0.value.plain)@\($0.line)" }.joined(separator: " ")
        } catch {
            result = ""
        }
        #expect(result == expected)
    }

    @Test(
        "refuses other lines by their number (K-016)",
        arguments: ["A", "=1", "1A=1", "A B=1", "A='x", "A=\"x", "A=\"x\" y", "A=\"\\n\"", "A-B=1", "B=1\nB=2"])
    func refusesEnvironment(_ text: String) {
        let error = #expect(throws: KeyFileError.self) { try EnvironmentFile.parse(SecretText("\n" + text)) }
        #expect(["line 2", "line 3"].contains(error?.place ?? ""))
    }
}
