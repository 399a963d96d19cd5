/// What a model name asks for by itself: `sim-` and then pairs of word and number, alone or after another name and `+`,
/// such as `sim-events-2000-bytes-1024` or `kimi-k2+sim-cut-5`.
enum ModelControls {
    /// The words of a name that may be followed by a number.
    static let words = [
        "events", "bytes", "delay", "head", "first", "status", "stall", "cut", "reset", "error", "body",
    ]

    /// The treatment that a model name asks for, or `nil` for an ordinary name.
    static func action(model: String) -> FaultAction? {
        let name = model.split(separator: "+").last ?? ""
        guard name.hasPrefix("sim-") else { return nil }
        let parts = name.split(separator: "-", omittingEmptySubsequences: false).dropFirst()
        guard !parts.isEmpty, parts.count.isMultiple(of: 2) else { return nil }
        var action = FaultAction()
        var rest = parts
        while let word = rest.popFirst(), let text = rest.popFirst() {
            guard let number = Int(text), number >= 0, Self.set(String(word), number, in: &action) else { return nil }
        }
        return action
    }

    private static func set(_ word: String, _ number: Int, in action: inout FaultAction) -> Bool {
        switch word {
        case "events": action.events = number
        case "bytes": action.eventBytes = number
        case "delay": action.delayBetweenEvents = number
        case "head": action.delayBeforeHead = number
        case "first": action.delayBeforeFirstByte = number
        case "status": action.status = (200...599).contains(number) ? number : 500
        case "stall": action.stallAfter = number
        case "cut": action.cut = .init(place: .afterEvents(number))
        case "reset": action.cut = .init(place: .afterEvents(number), isReset: true)
        case "error": action.errorEventAfter = number
        case "body": action.bodyBytes = number
        default: return false
        }
        return true
    }
}
