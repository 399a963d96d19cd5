import Testing

@testable import SystemSupport

@Suite("What the kernel says about processes")
struct ProcessTextTests {
    @Test(
        "names a process in printable ASCII of at most 64 bytes",
        arguments: [
            ("claude\n", "claude"), ("a b\n", "a b"), (" x \n", "x"), ("\u{1B}[31mred\n", "?[31mred"),
            ("a\nb\n", "a?b"),
            ("früh\n", "fr??h"), ("\n", nil), ("", nil),
            (String(repeating: "n", count: 80), String(repeating: "n", count: 64)),
        ])
    func name(text: String, expected: String?) {
        #expect(ProcessText.name(comm: Array(text.utf8)) == expected)
    }

    @Test(
        "reads the time of the start whatever the process calls itself",
        arguments: [
            (
                "32117 (cat) R 32061 32061 21694 0 -1 4194304 104 0 0 0 0 0 0 0 20 0 1 0 4664676 3133440 407\n",
                4_664_676
            ),
            ("7 (a) b (c) S 1 7 7 0 -1 1 2 3 4 5 6 7 8 9 20 0 1 0 99 1 1\n", 99),
            ("7 (x) S 1 7 7 0 -1 1 2 3 4 5 6 7 8 9 20 0 1 0\n", nil), ("7 (x", nil), ("", nil),
            ("7 (x) S 1 7 7 0 -1 1 2 3 4 5 6 7 8 9 20 0 1 0 -1 1\n", nil),
        ])
    func start(text: String, expected: UInt64?) {
        #expect(ProcessText.startTicks(stat: Array(text.utf8)) == expected)
    }

    @Test(
        "names the innermost service or scope",
        arguments: [
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-code-4711.scope\n",
                "app-gnome-code-4711.scope"
            ),
            ("0::/system.slice/ssh.service\n", "ssh.service"),
            ("0::/user.slice/user-1000.slice/user@1000.service/init.scope\n", "init.scope"),
            ("0::/system.slice/docker-0123abcd.scope/inner/group\n", "docker-0123abcd.scope"),
            ("0::/system.slice/_odd.service\n", "odd.service"),
            ("0::/system.slice/dev\\x2dbox.service\n", "dev\\x2dbox.service"),
            ("0::/system.slice/gone.service (deleted)\n", "gone.service"),
            ("12:cpu,cpuacct:/x.service\n1:name=systemd:/user.slice/session-2.scope\n0::/\n", "session-2.scope"),
            ("1:name=systemd:/system.slice/old.service\n0::/system.slice/new.service\n", "new.service"),
            ("9:name=systemd:/\n8:pids:/\n0::/\n", nil), ("0::/.service\n", nil), ("0::\n", nil), ("0\n", nil),
            ("", nil),
            ("0::/a:b.service\n", "a:b.service"), ("0::/user.slice\n", nil),
        ])
    func unit(text: String, expected: String?) {
        #expect(ProcessText.unit(cgroup: Array(text.utf8)) == expected)
    }

    @Test("shows no longer names of units than systemd gives")
    func longUnit() {
        let text = "0::/system.slice/\(String(repeating: "u", count: 250)).service\n"
        #expect(ProcessText.unit(cgroup: Array(text.utf8)) == nil)
    }
}
