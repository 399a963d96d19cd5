import ProxyCore
import Testing

struct AddressTests {
    @Test(
        "reads listeners and writes them back",
        arguments: [
            "127.0.0.1:7878", "[::1]:7878", "http://127.0.0.1:0", "https://example.org:443", "localhost:1",
            "unix:/run/kmi/proxy.sock",
        ])
    func readsListeners(_ text: String) throws {
        #expect(try ListenSpecification(parsing: text).description == text)
    }

    @Test(
        "refuses what is no listener",
        arguments: [
            "", "7878", ":7878", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "::1:7878", "[::1]",
            "[127.0.0.1]:1", "256.0.0.1:1", "a b:1", "http://", "http://127.0.0.1:1/", "unix:", "unix:a", "unix:/a/",
            "-a:1", "1.2.3:4", "a..b:1",
        ])
    func refusesListeners(_ text: String) {
        #expect(throws: ConfigurationValueError.self) { try ListenSpecification(parsing: text) }
    }

    @Test(
        "tells what only this machine reaches (K-004)",
        arguments: [
            ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true),
            ("localhost:1", true), ("LOCALHOST:1", true), ("unix:/a", true), ("0.0.0.0:1", false), ("[::]:1", false),
            ("10.0.0.1:1", false), ("[::ffff:10.0.0.1]:1", false), ("example.org:1", false),
            ("localhost.example:1", false),
        ])
    func tellsLoopback(_ text: String, _ expected: Bool) throws {
        #expect(try ListenSpecification(parsing: text).isLocal == expected)
    }

    @Test(
        "reads bases of providers",
        arguments: [
            ("https://api.kimi.com/coding/v1", "https://api.kimi.com/coding/v1"), ("https://A.b/", "https://a.b"),
            ("https://a:8443/v1//", "https://a:8443/v1"), ("HTTPS://a:443", "https://a"),
            ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"), ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://localhost", "http://localhost"), ("unix:/run/a.sock", "unix:/run/a.sock"),
            ("unix:/run/a.sock:/v1/", "unix:/run/a.sock:/v1"),
        ])
    func readsBases(_ text: String, _ expected: String) throws {
        #expect(try UpstreamBase(parsing: text).description == expected)
    }

    @Test(
        "refuses bases that are not https, or more than an address (K-046)",
        arguments: [
            "", "api.kimi.com", "http://api.kimi.com", "http://10.0.0.1", "http://0.0.0.0:1", "ftp://a", "https://",
            "https:///v1", "https://a:0", "https://u@a", "https://u:p@a/", "https://a?b", "https://a/b#c",
            "https://a/./b",
            "https://a/%2e%2e", "https://api.example.org./v1", "https://0x7f.1", "https://0x7f000001",
            "https://2130706433",
            "https://127.0x1", "https://127.1", "https://0177.0.0.1", "https://1.2.3.4.", "https://b\u{fc}cher.example",
            "https://[::1%25lo]", "https://[fe80::1%lo]", "https://a\\b", "https://a/b c", "unix:", "unix:a",
            "unix:/a:/v1?x", "https://a/\u{e9}",
        ])
    func refusesBases(_ text: String) {
        #expect(throws: ConfigurationValueError.self) { try UpstreamBase(parsing: text) }
    }

    @Test(
        "matches hosts exactly or below a suffix (K-048)",
        arguments: [
            ("api.example.org", "api.example.org", true), ("API.example.org", "api.EXAMPLE.org", true),
            ("*.example.org", "api.example.org", true), ("*.example.org", "a.b.example.org", true),
            ("*.example.org", "example.org", false), ("*.example.org", "badexample.org", false),
            ("example.org", "api.example.org", false), ("example.org", "example.org.evil", false),
            // Addresses by their value, names in other scripts by their spelling in ASCII.
            ("::1", "0:0:0:0:0:0:0:1", true), ("10.0.0.1", "::ffff:10.0.0.1", true), ("10.0.0.1", "10.0.0.2", false),
            ("*.0.1.example", "10.0.0.1", false), ("xn--bcher-kva.example", "XN--BCHER-KVA.example", true),
            ("*.example.org", "10.0.0.1", false), ("*.example.org", "api.example.org.", false),
        ])
    func matchesHosts(_ pattern: String, _ host: String, _ expected: Bool) throws {
        #expect(try HostPattern(parsing: pattern).matches(host) == expected)
    }

    @Test(
        "reads blocks of addresses",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false), ("192.168.0.0/23", "192.168.1.9", true),
            ("192.168.0.0/23", "192.168.2.9", false),
            ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe80::1", false), ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false), ("10.0.0.0/8", "::ffff:10.0.0.1", true),
        ])
    func readsBlocks(_ block: String, _ address: String, _ expected: Bool) throws {
        #expect(try AddressBlock(parsing: block).contains(#require(NumericAddress(address))) == expected)
    }

    @Test(
        "refuses what is no block",
        arguments: ["", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "a/8", "10.0.0.0/+8"])
    func refusesBlocks(_ text: String) {
        #expect(throws: ConfigurationValueError.self) { try AddressBlock(parsing: text) }
    }

    @Test(
        "reads base paths (X-064)",
        arguments: [
            ("", ""), ("/", "/"), ("/kmi-rotor/v1", "/kmi-rotor/v1"), ("/kmi-rotor/v1/", "/kmi-rotor/v1"),
        ])
    func readsBasePaths(_ text: String, _ expected: String) throws {
        #expect(try Configuration.Server.basePath(text) == expected)
    }

    @Test(
        "refuses what is no base path (X-064)",
        arguments: ["a", "//", "/a//b", "/a/../b", "/.", "/a?b", "/a#b", "/a%2Fb", "/a b", "/a;b"])
    func refusesBasePaths(_ text: String) {
        #expect(throws: ConfigurationValueError.self) { try Configuration.Server.basePath(text) }
    }

    @Test(
        "takes exact origins only (T-006)",
        arguments: [
            ("https://app.example", true), ("http://localhost:3000", true), ("http://[::1]:3000", true),
            ("chrome-extension://abcdef", true), ("*", false), ("https://*", false), ("https://*.example", false),
            ("null", false), ("", false), ("app.example", false), ("https://app.example/", false),
            ("https://app.example:443", false), ("http://app.example:80", false), ("https://App.example", false),
            ("https://u@app.example", false), ("https://", false),
        ])
    func takesExactOrigins(_ text: String, _ isGood: Bool) {
        do throws(ConfigurationValueError) {
            #expect(try Configuration.Server.allowedOrigin(text) == text)
            #expect(isGood)
        } catch {
            #expect(!isGood, "\(error)")
        }
    }
}
