import DBusControl
import ProxyCore
import Testing

@Suite("Rules that the contract of the bus and the daemon both know")
struct SharedRuleTests {
    @Test(
        "an account is an e-mail address for both, or for neither (K-036)",
        arguments: [
            "me@example.org", "a.b+c@x-y.example", "me@localhost", "me@-a.org", "me@a-.org", "me@a..org", ".me@a.org",
            "me.@a.org", "a..b@a.org", "me@a.org.", "me", "@a.org", "me@", "a@b@c.org", "me @a.org", "<me@a.org>",
            "me,you@a.org", "mé@a.org", "me@bü.org", "me@a_b.org", "o'hara@a.org", "\"me\"@a.org", "me@[127.0.0.1]", "",
            "me@a.org\n", String(repeating: "a", count: 64) + "@a.org", String(repeating: "a", count: 65) + "@a.org",
            "me@" + String(repeating: "a", count: 63) + ".org", "me@" + String(repeating: "a", count: 64) + ".org",
            "me@" + String(repeating: "a.", count: 124) + "org", "me@" + String(repeating: "a.", count: 125) + "org",
        ])
    func mailAddress(_ text: String) {
        #expect(ControlText.isMailAddress(text) == EmailAddress.isValid(text))
    }

    @Test(
        "a project is one for both, or for neither, and a refusal names the option",
        arguments: [
            "web shop", "Büro", "a\nb", "a\u{7F}", " ", "~", "\u{1F600}", String(repeating: "a", count: 256),
            String(repeating: "a", count: 257),
        ])
    func project(_ text: String) {
        var options = ClientOptions()
        options.project = text
        var refusal: ControlFault?
        do throws(ControlFault) {
            _ = try ClientOptions(busValue: options.busValue)
        } catch {
            refusal = error
        }
        #expect((refusal == nil) == GroupingName.isValid(text))
        if let refusal { #expect(refusal.message.contains("project"), "\(refusal.message)") }
    }
}
