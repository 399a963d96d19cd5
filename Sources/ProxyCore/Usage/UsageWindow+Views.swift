extension UsageWindow {
    /// By how much of a window two views may differ before they disagree: ratios are rounded.
    static let tolerance = 0.02

    /// Makes a window from what is told of it: two of limit, used and remaining give the third, fewer leave it unknown.
    ///
    /// Where all three are told and disagree, the larger use counts. A limit of 0 of which nothing is used is unknown, and
    /// so is a negative number, except that what is overdrawn leaves nothing.
    static func counted(
        _ name: String, limit: Double?, used: Double?, remaining: Double?, resetsAt: WallTime?, source: Source
    ) -> UsageWindow {
        var window = UsageWindow(name: name, resetsAt: resetsAt, source: source)
        let used = used.flatMap { $0 >= 0 ? $0 : nil }
        window.limit = limit.flatMap { $0 >= 0 ? $0 : nil }
        window.used = used
        if let remaining {
            if let limit = window.limit {
                let difference = limit - remaining
                if let used {
                    window.used = max(used, difference)
                    window.isInconsistent = abs(used - difference) > max(limit, 1) * self.tolerance
                } else if difference >= 0 {
                    window.used = difference
                }
            } else if let used {
                window.limit = used + max(remaining, 0)
            }
        }
        if window.limit == 0, window.used ?? 0 == 0 {
            window.limit = nil
            window.used = nil
        }
        return window
    }

    /// Makes a window that is told as a ratio, 0 to 1; a little more is overdrawn, much more is no ratio.
    static func ratio(_ name: String, used: Double?, resetsAt: WallTime?, source: Source) -> UsageWindow {
        let used = used.flatMap { (0...2).contains($0) ? $0 : nil }
        return UsageWindow(
            name: name, used: used, limit: used == nil ? nil : 1, resetsAt: resetsAt, source: source)
    }

    /// This window and another view of the same one: the more pessimistic of the two, marked if they disagree.
    ///
    /// A reset that only one of them tells is taken from it.
    func combined(with other: UsageWindow) -> UsageWindow {
        let (mine, theirs) = (self.remainingShare, other.remainingShare)
        var result = self
        switch (mine, theirs) {
        case (let mine?, let theirs?):
            if theirs < mine - Self.tolerance { result = other }
            result.isInconsistent =
                self.isInconsistent || other.isInconsistent || abs(mine - theirs) > Self.tolerance
        case (nil, .some): result = other
        case (_, nil): break
        }
        result.resetsAt = result.resetsAt ?? self.resetsAt ?? other.resetsAt
        return result
    }
}

extension [UsageWindow] {
    /// Adds a window, or another view of one that is there; beyond the bound nothing is added.
    mutating func add(_ window: UsageWindow) {
        if let index = self.firstIndex(where: { $0.name == window.name }) {
            self[index] = self[index].combined(with: window)
        } else if self.count < UsageReport.maximumWindows {
            self.append(window)
        }
    }
}
