import DBusControl

// What keys do.

extension TopModel {
    mutating func take(_ key: TopKey) {
        if key == .control("c") {
            self.isFinished = true
        } else if self.isFiltering {
            self.takeInFilter(key)
        } else if self.view == .tables {
            self.takeInTables(key)
        } else {
            self.takeInDetail(key)
        }
    }

    private mutating func takeInFilter(_ key: TopKey) {
        switch key {
        case .character(let character): self.filter.append(character)
        case .backspace, .delete: self.filter.removeLast()
        case .control("u"): self.filter = TopFilter()
        case .enter, .tab: self.isFiltering = false
        case .escape:
            self.filter = TopFilter()
            self.isFiltering = false
        default: break
        }
    }

    private mutating func takeInTables(_ key: TopKey) {
        switch key {
        case .character("q"): self.isFinished = true
        case .character("p"), .character(" "): self.pause()
        case .character("s"): if self.focus == .keys { self.keySort.cycle() } else { self.requestSort.cycle() }
        case .character("S"): if self.focus == .keys { self.keySort.reverse() } else { self.requestSort.reverse() }
        case .character("/"): self.isFiltering = true
        case .character("?"), .character("h"): self.open(.help)
        case .escape: self.filter = TopFilter()
        case .tab, .backTab, .left, .right: self.focus = self.focus == .keys ? .requests : .keys
        case .enter: self.openSelected()
        default: if let distance = self.distance(of: key) { self.move(by: distance) }
        }
    }

    private mutating func takeInDetail(_ key: TopKey) {
        switch key {
        case .character("q"): self.isFinished = true
        case .character("p"): self.pause()
        case .character("?"), .character("h"):
            if self.view == .help { self.open(.tables) } else { self.open(.help) }
        case .escape, .enter, .left, .backspace: self.open(.tables)
        default: if let distance = self.distance(of: key) { self.scroll(by: distance) }
        }
    }

    /// How many rows a key goes down; `nil` if it does not move.
    private func distance(of key: TopKey) -> Int? {
        let page = max(1, self.size.rows / 2)
        // More rows than there can be, and few enough to be added to.
        let everything = 1_000_000
        return switch key {
        case .up, .character("k"): -1
        case .down, .character("j"): 1
        case .pageUp, .control("b"): -page
        case .pageDown, .control("f"): page
        case .home, .character("g"): -everything
        case .end, .character("G"): everything
        default: nil
        }
    }

    private mutating func move(by distance: Int) {
        switch self.focus {
        case .keys:
            let keys = self.keys
            guard !keys.isEmpty else { return }
            self.selectedKey = keys[Self.moved(self.keyIndex(in: keys), by: distance, in: keys.indices)].label
        case .requests:
            let order = self.requests
            guard !order.isEmpty else { return }
            let index = Self.moved(self.requestIndex(in: order), by: distance, in: order.indices)
            // Whoever stands at the top stays there while rows come.
            self.selectedRequest = index == 0 ? nil : RequestRing.Identity(self.shown.requests[order[index]])
        }
    }

    private static func moved(_ index: Int, by distance: Int, in indices: Range<Int>) -> Int {
        min(max(index + distance, indices.lowerBound), indices.upperBound - 1)
    }

    /// Where the chosen key stands among those that are shown.
    func keyIndex(in keys: [KeyStatus]) -> Int {
        keys.firstIndex { $0.label == self.selectedKey } ?? 0
    }

    /// Where the chosen request stands among those that are shown.
    func requestIndex(in order: [Int]) -> Int {
        guard let selected = self.selectedRequest else { return 0 }
        let rows = self.shown.requests
        return order.firstIndex { RequestRing.Identity(rows[$0]) == selected } ?? 0
    }

    private mutating func openSelected() {
        switch self.focus {
        case .keys:
            let keys = self.keys
            guard !keys.isEmpty else { return }
            self.open(.key(keys[self.keyIndex(in: keys)].label))
        case .requests:
            let order = self.requests
            guard !order.isEmpty else { return }
            self.open(.request(self.shown.requests[order[self.requestIndex(in: order)]]))
        }
    }
}
