import DBusControl

/// The state of a live view: what is known of the daemon, and what a person has chosen.
///
/// A value: events and the time go in, and ``TopScreen`` draws it.
struct TopModel: Sendable {
    /// The table that keys move in.
    enum Focus: Sendable {
        case keys, requests
    }

    /// What fills the screen.
    enum View: Sendable, Equatable {
        case tables
        case help
        /// One request; a copy, since the row may leave the list while somebody reads it.
        case request(RequestRow)
        /// One key, by its label.
        case key(String)
    }

    /// What came from the daemon.
    private(set) var live = TopData()
    /// What was there when a person stopped the picture.
    private var frozen: TopData?

    /// The cells of the screen.
    private(set) var size: TopSize
    private(set) var view = View.tables
    var focus = Focus.keys
    /// What is left out of the tables.
    var filter = TopFilter()
    /// Whether a person is typing the filter.
    var isFiltering = false
    var keySort = TopSort(by: TopKeyColumn.label)
    var requestSort = TopSort(by: TopRequestColumn.time)
    /// The label of the chosen key; the first one if there is none of that label.
    var selectedKey: String?
    /// The chosen request; the first one if there is none of that name.
    var selectedRequest: RequestRing.Identity?
    /// The lines that are above the top of what is read.
    var scrolled = 0
    /// Whether the person has had enough.
    var isFinished = false

    init(size: TopSize) {
        self.size = size
    }

    /// Whether the picture stands still.
    var isPaused: Bool { self.frozen != nil }

    /// What is to be shown.
    var shown: TopData { self.frozen ?? self.live }

    /// The keys in the order in which they are shown.
    var keys: [KeyStatus] { self.shown.keys(self.filter, by: self.keySort) }

    /// Where the requests stand, in the order in which they are shown.
    var requests: [Int] { self.shown.requests(self.filter, by: self.requestSort) }

    /// Takes an event in that happened at a time, in microseconds since the epoch.
    mutating func take(_ event: TopEvent, now: UInt64) {
        self.live.now = now
        self.live.take(event)
        switch event {
        case .key(let key): self.take(key)
        case .resized(let size):
            self.size = size
            self.scroll(by: 0)
        case .status, .history, .finished, .missed, .away, .notice, .tick: break
        }
    }

    /// Stops the picture, or lets it go on.
    mutating func pause() {
        self.frozen = self.frozen == nil ? self.live : nil
    }

    /// Shows something else, from its top.
    mutating func open(_ view: View) {
        self.view = view
        self.scrolled = 0
    }

    /// Moves what is read up or down, not beyond its ends.
    mutating func scroll(by lines: Int) {
        let count = TopDetail(model: self).lines(Self.measure(self.size)).count
        let room = TopScreen.roomOfDetail(self)
        self.scrolled = min(max(self.scrolled + lines, 0), max(0, count - room))
    }

    /// How text is broken into lines, which is all that scrolling needs.
    private static func measure(_ size: TopSize) -> TextStyle {
        TextStyle(width: size.columns, isColoured: false, now: 0)
    }
}
