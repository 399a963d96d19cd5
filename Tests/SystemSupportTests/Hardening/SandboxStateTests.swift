import Testing

@testable import SystemSupport

@Suite("What a unit promises of its sandbox is held against what the kernel shows (A-017, T-022)")
struct SandboxStateTests {
    /// What a process sees under the system unit, with a container's mounts of other places around it.
    private static let inside = SandboxEvidence(
        status: """
            Name:\tkmid
            CapEff:\t0000000000000000
            CapBnd:\t0000000000000000
            NoNewPrivs:\t1
            Seccomp:\t2
            Seccomp_filters:\t14
            """,
        mounts: """
            29 1 254:1 / / ro,relatime shared:1 - ext4 /dev/vda1 rw
            30 29 0:6 / /dev rw,nosuid - devtmpfs udev rw
            31 29 254:1 /tmp/systemd-private-0f-kmid-system.service-Xy/tmp /tmp rw,relatime shared:1 master:2 - ext4 /dev/vda1 rw
            32 30 0:52 / /dev rw,nosuid,noexec - tmpfs tmpfs rw,size=4096k
            33 29 0:60 / /tmp/elsewhere rw - tmpfs tmpfs rw
            """,
        writableDirectories: [], hasWritableCode: false)
    /// What one sees that nobody has put into a sandbox.
    private static let outside = SandboxEvidence(
        status: "CapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\n",
        mounts: "29 1 254:1 / / rw - ext4 /dev/vda1 rw\n30 29 0:6 / /dev rw shared:2 - devtmpfs udev rw\n",
        writableDirectories: ["/usr", "/etc", "/home", "/root", "/proc/sys", "/sys/fs/cgroup"], hasWritableCode: true)
    private static let everything = SandboxPart.allCases.map(\.rawValue).joined(separator: " ")

    @Test("everything that is promised is seen to be in force")
    func seesAll() {
        let state = SandboxState(promise: Self.everything, evidence: Self.inside)
        #expect(state.promised == SandboxPart.allCases)
        #expect(state.missing.isEmpty && state.isComplete)
    }

    @Test("nothing is taken for being in force where nothing is")
    func missesAll() {
        let state = SandboxState(promise: Self.everything, evidence: Self.outside)
        #expect(state.missing == SandboxPart.allCases)
        #expect(!state.isComplete)
    }

    @Test("what cannot be read counts as not in force, but for what is about directories that are not there")
    func countsUnreadable() {
        let blind = SandboxEvidence(status: "", mounts: "", writableDirectories: [], hasWritableCode: true)
        let state = SandboxState(promise: Self.everything, evidence: blind)
        #expect(
            state.missing == [
                .noNewPrivileges, .systemCallFilter, .memoryDenyWriteExecute, .capabilityBoundingSet, .privateTmp,
                .privateDevices,
            ])
    }

    @Test("each part is seen by itself", arguments: SandboxPart.allCases)
    func seesEach(part: SandboxPart) {
        var evidence = Self.inside
        switch part {
        case .noNewPrivileges: evidence.status = evidence.status.replacing("NoNewPrivs:\t1", with: "NoNewPrivs:\t0")
        // Strict mode, which has no filter.
        case .systemCallFilter: evidence.status = evidence.status.replacing("Seccomp:\t2", with: "Seccomp:\t1")
        case .memoryDenyWriteExecute: evidence.hasWritableCode = true
        case .capabilityBoundingSet:
            evidence.status = evidence.status.replacing("CapBnd:\t0000000000000000", with: "CapBnd:\t0000000000000400")
        case .protectSystem: evidence.writableDirectories = ["/etc"]
        case .protectHome: evidence.writableDirectories = ["/home"]
        case .privateTmp: evidence.mounts += "\n40 31 0:70 / /tmp rw - tmpfs tmpfs rw"
        case .privateDevices: evidence.mounts += "\n41 32 0:6 / /dev rw - devtmpfs udev rw"
        case .protectKernelTunables: evidence.writableDirectories = ["/proc/sys"]
        case .protectControlGroups: evidence.writableDirectories = ["/sys/fs/cgroup"]
        }
        #expect(SandboxState(promise: Self.everything, evidence: evidence).missing == [part])
        // What nobody promises is not missed.
        let others = SandboxPart.allCases.filter { $0 != part }.map(\.rawValue).joined(separator: " ")
        #expect(SandboxState(promise: others, evidence: evidence).isComplete)
    }

    @Test("a promise may hold words twice, and words that nobody can look at")
    func readsPromises() {
        let state = SandboxState(promise: " ProtectHome  Nonsense\tProtectHome Nonsense", evidence: Self.inside)
        #expect(state.promised == [.protectHome])
        #expect(state.unknown == ["Nonsense"])
        #expect(!state.isComplete)
        #expect(SandboxState(promise: "", evidence: Self.outside).isComplete)
    }

    @Test(
        "lines of mounts that are cut short are passed over",
        arguments: ["30 29 0:6 / /dev", "30 29 0:6 / /dev rw -", "-"])
    func passesOverBrokenLines(line: String) {
        var evidence = Self.inside
        evidence.mounts += "\n" + line
        #expect(evidence.shows(.privateDevices) && evidence.shows(.privateTmp))
    }

    @Test("the tests' own process has the fields that are looked for")
    func looksAtItself() {
        let evidence = SandboxEvidence.ofThisProcess()
        for field in ["\nNoNewPrivs:", "\nSeccomp:", "\nCapBnd:"] { #expect(evidence.status.contains(field)) }
        #expect(evidence.mounts.contains(" / "))
        // Every program that is not kept from it may have such memory; the tests are not.
        #expect(evidence.hasWritableCode)
    }
}
