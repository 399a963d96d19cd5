import DBusControl
import ProxyCore

/// What the daemon has read of its configuration by itself, until somebody asks for it.
///
/// Who saves a file and asks for a reload behind it wants to hear what became of the change, also where the daemon was faster.
/// A pure value: time passes in.
struct UntoldChanges: Sendable {
    /// How long somebody may take from the file to the question.
    static let keep = Duration.seconds(60)

    private var entries: [ReloadEntry] = []
    private var notedAt: Instant?

    /// Nothing was read.
    init() {}

    /// Notes what came of a reading that nobody had asked for.
    mutating func note(_ entries: [ReloadEntry], at now: Instant) {
        self.entries = self.with(entries, at: now)
        self.notedAt = now
    }

    /// What is to be told together with `entries`, which are newer: each setting once.
    func with(_ entries: [ReloadEntry], at now: Instant) -> [ReloadEntry] {
        guard let notedAt = self.notedAt, now - notedAt <= Self.keep else { return entries }
        let newer = Set(entries.map(\.key))
        return (self.entries.filter { !newer.contains($0.key) } + entries).sorted { $0.key < $1.key }
    }
}
