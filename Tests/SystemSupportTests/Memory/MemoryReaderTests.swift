import ProxyCore
import TestSupport
import Testing

@testable import SystemSupport

/// What the kernel tells of memory (L-009): its texts, and files that lie where a test puts them.
struct MemoryReaderTests {
    private static func pressure(_ some: String, full: String = "0.00") -> String {
        "some avg10=\(some) avg60=1.00 avg300=0.50 total=12345\nfull avg10=\(full) avg60=0.00 avg300=0.00 total=0\n"
    }

    @Test(
        "reads avg10 of the line some",
        arguments: [
            (pressure("12.34", full: "99.00"), 12.34), (pressure("0.00"), 0), (pressure("100.00"), 100),
            ("full avg10=5.00 avg60=0.00\n", nil), ("some avg60=5.00\n", nil), ("some avg10=x\n", nil),
            ("some avg10=-1\n", nil), ("some avg10=101\n", nil), ("some avg10=nan\n", nil), ("", nil), ("\u{0}\n", nil),
        ] as [(String, Double?)])
    func readsPressure(_ text: String, _ value: Double?) {
        #expect(MemoryText.stalledPercent(Array(text.utf8)) == value)
    }

    @Test(
        "finds the own control group of version 2 among others, and none outside of what is to be seen",
        arguments: [
            ("0::/user.slice/kmid.service\n", "/user.slice/kmid.service"), ("0::/\n", ""),
            ("4:memory:/old\n1:name=systemd:/x\n0::/new\n", "/new"), ("4:memory:/old\n", nil),
            ("0::/../other\n", nil), ("0::/gone (deleted)\n", nil), ("", nil),
        ] as [(String, String?)])
    func findsGroup(_ text: String, _ path: String?) {
        #expect(MemoryText.group(cgroup: Array(text.utf8)) == path)
    }

    @Test("tells the worse of the system's pressure and the group's")
    func takesTheWorse() async throws {
        try await TemporaryDirectory.with { directory in
            let system = try directory.write("system", Self.pressure("3.00"))
            let reader = MemoryReader(MemoryPlaces(system: system, group: directory.path))
            #expect(reader.read() == MemoryPressure.Reading(stalled: 3))
            #expect(reader.sources == [.system])
            try directory.write("memory.pressure", Self.pressure("41.50"))
            #expect(reader.read() == MemoryPressure.Reading(stalled: 41.5))
            try directory.write("system", Self.pressure("77.00"))
            #expect(reader.read() == MemoryPressure.Reading(stalled: 77))
            #expect(reader.sources == [.system, .group])
        }
    }

    @Test("tells how full the group is of what cannot be taken back, by the lower one of its limits")
    func tellsUse() async throws {
        try await TemporaryDirectory.with { directory in
            let reader = MemoryReader(MemoryPlaces(system: directory.path("none"), group: directory.path))
            #expect(reader.read() == MemoryPressure.Reading())
            #expect(reader.sources.isEmpty)
            try directory.write("memory.current", "970\n")
            try directory.write("memory.max", "max\n")
            try directory.write("memory.high", "max\n")
            #expect(reader.read().used == nil)
            try directory.write("memory.max", "1000\n")
            #expect(reader.read().used == 0.97)
            #expect(reader.sources == [.limit])
            // A group full of pages of files is in no need.
            try directory.write(
                "memory.stat", "anon 300\nfile 600\ninactive_file 400\nactive_file 100\nslab_reclaimable 70\nslab 80\n")
            #expect(reader.read().used == 0.4)
            try directory.write("memory.high", "500\n")
            #expect(reader.read().used == 0.8)
            try directory.write("memory.max", "0\n")
            #expect(reader.read().used == 1)
            for broken in ["", "x", "-1", "99999999999999999999999"] {
                try directory.write("memory.current", broken)
                #expect(reader.read().used == nil)
            }
        }
    }

    @Test("what is missing, a directory, or not to be read, is unknown and no fault")
    func standsMissingFiles() async throws {
        try await TemporaryDirectory.with { directory in
            for path in [directory.path("none"), directory.path, "/proc/self/mem", ""] {
                #expect(MemoryReader(MemoryPlaces(system: path, group: nil)).read() == MemoryPressure.Reading())
            }
        }
    }

    @Test("finds the places of this process without a fault, and reads what is there")
    func readsThisSystem() {
        let reader = MemoryReader(.ofThisProcess())
        let reading = reader.read()
        #expect((reading.stalled != nil) == reader.sources.contains { $0 != .limit })
        if let stalled = reading.stalled { #expect((0...100).contains(stalled)) }
    }
}
