/// `prices.json` in the state directory: the price table that was imported at run time.
///
/// Calls block; they are made off the event loops.
struct PriceFile: Sendable {
    /// A table that could not be stored.
    typealias Failure = PrivateDirectory.Failure

    private static let name = "prices.json"

    private var place: PrivateDirectory

    /// Names the file in a state directory, which is there.
    init(directory: String) {
        self.place = PrivateDirectory(
            path: directory, name: "the state directory", temporaryPrefix: ".prices-new-")
    }

    /// Where the table lies.
    var path: String { self.place.path + "/" + Self.name }

    /// Makes the names in the directory last; 0 if that worked, else the error number is set.
    var syncDirectory: @Sendable (_ descriptor: CInt) -> CInt {
        get { self.place.sync }
        set { self.place.sync = newValue }
    }

    /// Stores a table in place of one that was there; if it throws, that one is still there.
    ///
    /// Tells what is wrong if the table is in its place, but may be gone again once the machine loses its power.
    func write(_ bytes: [UInt8]) throws(Failure) -> Failure? {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(Failure) in try self.place.write(bytes, named: Self.name) }
        }
        return try result.get()
    }

    /// Removes what a write that never ended has left.
    ///
    /// Only for the holder of the state directory's lock: nobody else writes then.
    func removeLeftovers() throws(Failure) {
        try self.place.removeLeftovers()
    }
}
