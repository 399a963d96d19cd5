import Testing

@testable import kmictl

struct ProxyAddressTests {
    @Test(
        "chooses the listener that programs of this machine reach best",
        arguments: [
            (["http://127.0.0.1:7878"], "http://127.0.0.1:7878"),
            (["unix:/run/proxy.sock", "http://[::1]:80"], "http://[::1]:80"),
            (["http://127.0.0.1:9090/metrics", "http://127.0.0.1:7878"], "http://127.0.0.1:7878"),
            (["http://192.168.1.2:80", "https://127.0.0.1:443"], "https://127.0.0.1:443"),
            (["https://127.0.0.1:443", "http://127.0.0.1:80"], "http://127.0.0.1:80"),
            (["http://0.0.0.0:7878"], "http://127.0.0.1:7878"), (["http://[::]:7878"], "http://[::1]:7878"),
            (["https://localhost:7878"], "https://localhost:7878"),
            (["http://proxy.lan:7878"], "http://proxy.lan:7878"),
            (["http://127.0.0.1:1", "http://127.0.0.1:2"], "http://127.0.0.1:1"),
        ])
    func chooses(listeners: [String], origin: String) throws {
        #expect(try ProxyAddress(listeners: listeners).origin == origin)
    }

    @Test(
        "takes nothing that a shell or a URL would read otherwise (A-005)",
        arguments: [
            "http://127.0.0.1", "http://127.0.0.1:0", "http://127.0.0.1:70000", "http://a b:1", "http://$(id):1",
            "http://'x':1", "http://u@h:1", "http://[::1:1", "http://:1", "ftp://127.0.0.1:1", "http://127.0.0.1:1/",
            "http://127.0.0.1:1/metrics", "http://127.0.0.1:1;id", "http://127.0.0.1:+1", "",
        ])
    func refuses(listener: String) {
        #expect(throws: CommandFailure.self) { try ProxyAddress(listeners: [listener]) }
    }

    @Test func tellsWhatToDoWithASocketOnly() {
        let failure = #expect(throws: CommandFailure.self) { try ProxyAddress(listeners: ["unix:/run/kmi/proxy.sock"]) }
        #expect(failure?.message.contains("unix:/run/kmi/proxy.sock") == true)
        #expect(failure?.message.contains("server.listen") == true)
    }
}
