import ArgumentParser
import DBusControl

/// Which part of a long list a command shows.
struct PageArguments: ParsableArguments {
    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp("At most so many, up to \(RequestFilter.maximumLimit) (100).", valueName: "N"))
    var limit: UInt32?
    @Option(help: ArgumentHelp("Go on where an earlier list ended.", valueName: "CURSOR")) var cursor: String?

    func validate() throws {
        guard (1...RequestFilter.maximumLimit).contains(self.limit ?? 1) else {
            throw ValidationError("--limit: expected 1 to \(RequestFilter.maximumLimit).")
        }
    }
}
