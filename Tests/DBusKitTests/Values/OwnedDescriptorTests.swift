import DBusKit
import Glibc
import Testing

// A number that was closed here can be another test's at once: whether a descriptor is open shows at a pipe's other end.
struct OwnedDescriptorTests {
    /// A pipe whose write end is owned; reading comes to the end as soon as that is closed.
    private struct Ends {
        let read: CInt
        let write: CInt

        init() throws {
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            for end in ends { try #require(fcntl(end, F_SETFD, FD_CLOEXEC) == 0) }
            // Reading from a pipe that is still open somewhere does not wait.
            try #require(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
            self.read = ends[0]
            self.write = ends[1]
        }

        /// Whether the write end is closed everywhere.
        var isClosed: Bool {
            var byte: UInt8 = 0
            return Glibc.read(self.read, &byte, 1) == 0
        }
    }

    @Test
    func closesWithTheLastReference() throws {
        let ends = try Ends()
        defer { close(ends.read) }
        do {
            let owned = OwnedDescriptor(owning: ends.write)
            let value = BusValue.array(of: "h", [.descriptor(owned)])
            #expect(value.asArray?.first?.asDescriptor?.withDescriptor { $0 } == ends.write)
            #expect(!ends.isClosed)
        }
        #expect(ends.isClosed)
    }

    @Test
    func leavesWhatWasTakenOutToTheTaker() throws {
        let ends = try Ends()
        defer { close(ends.read) }
        do {
            let owned = OwnedDescriptor(owning: ends.write)
            #expect(owned.take() == ends.write)
            #expect(owned.take() == nil)
            #expect(owned.withDescriptor { $0 } == -1)
        }
        #expect(!ends.isClosed)
        close(ends.write)
        #expect(ends.isClosed)
    }

    @Test
    func isNotTakenOutWhileItIsUsed() throws {
        let ends = try Ends()
        defer { close(ends.read) }
        let owned = OwnedDescriptor(owning: ends.write)
        owned.withDescriptor { _ in #expect(owned.take() == nil) }
        let taken = try #require(owned.take())
        close(taken)
    }

    @Test
    func equalsItselfAlone() {
        let first = OwnedDescriptor(owning: -1)
        #expect(first == first)
        #expect(first != OwnedDescriptor(owning: -1))
        #expect(BusValue.descriptor(first) == .descriptor(first))
    }
}
