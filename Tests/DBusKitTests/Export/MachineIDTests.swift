import TestSupport
import Testing

@testable import DBusKit

struct MachineIDTests {
    private static let identifier = "0123456789abcdef0123456789ABCDEF"

    @Test(arguments: [identifier, identifier + "\n"])
    func reads32HexadecimalDigits(content: String) async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("machine-id", content)
            #expect(MachineID.read(from: [directory.path("missing"), file]) == Self.identifier)
        }
    }

    @Test(arguments: [
        "", "\n", "uninitialized\n", String(identifier.dropLast()), identifier + "0", identifier + "\n\n",
        identifier + " ", "g" + identifier.dropFirst(), String(repeating: "a", count: 5000),
    ])
    func passesOverEverythingElse(content: String) async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("machine-id", content)
            #expect(MachineID.read(from: [file]) == nil)
            let other = try directory.write("other", Self.identifier)
            #expect(MachineID.read(from: [file, other]) == Self.identifier)
        }
    }

    @Test
    func findsNothingInADirectory() {
        #expect(MachineID.read(from: ["/"]) == nil)
    }
}
