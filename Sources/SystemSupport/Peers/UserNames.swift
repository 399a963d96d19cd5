import Glibc

/// The names of users by number, looked up once each.
///
/// A look-up may ask a server of the network and take its time, so it is nothing for an event loop.
struct UserNames: Sendable {
    /// How many names are kept; with one more all are forgotten.
    static let maximumNames = 256
    /// The longest entry of a user that is read, in bytes.
    private static let maximumEntryBytes = 1 << 20

    private var names: [UInt32: String?] = [:]

    /// The name of a user; `nil` if there is none or it cannot be found out.
    mutating func name(of userID: UInt32) -> String? {
        if let known = self.names[userID] { return known }
        guard let name = Self.lookUp(userID) else { return nil }
        if self.names.count >= Self.maximumNames { self.names.removeAll() }
        self.names[userID] = .some(name)
        return name
    }

    /// The name; `.some(nil)` if there is no such user, `nil` if that cannot be found out now.
    private static func lookUp(_ userID: UInt32) -> String?? {
        var size = 16_384
        while size <= self.maximumEntryBytes {
            var entry = passwd()
            var result: UnsafeMutablePointer<passwd>?
            var buffer = [CChar](repeating: 0, count: size)
            let (status, name) = buffer.withUnsafeMutableBufferPointer { buffer -> (Int32, String?) in
                guard let base = buffer.baseAddress else { return (ENOMEM, nil) }
                let status = getpwuid_r(userID, &entry, base, buffer.count, &result)
                // The name lies in the buffer, so it is read while that is lent.
                guard status == 0, result != nil, let text = entry.pw_name else { return (status, nil) }
                return (status, ProcessText.printable(UnsafeRawBufferPointer(start: text, count: strlen(text))))
            }
            if status == 0 { return .some(name) }
            guard status == ERANGE else { return nil }
            size *= 8
        }
        return nil
    }
}
