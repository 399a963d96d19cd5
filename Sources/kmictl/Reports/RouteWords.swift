import DBusControl

/// Why a key serves a request and why another one does not, in a few words; words that are not known stand for themselves.
enum RouteWords {
    /// Why a key is, or was, taken.
    static func selection(_ word: String) -> String {
        switch word {
        case "turn": "its turn"
        case "wanted": "wanted by a person"
        case "affinity": "its conversation"
        case "pinned": "pinned by the caller"
        case "only": "there is no other one"
        case "trial": "on trial after its rest"
        case "moved": "its own key cannot serve"
        case "again": "the same key again"
        default: word
        }
    }

    /// What keeps the key of a row from being taken.
    static func obstacle(_ row: ExplainRow) -> String {
        switch row.obstacle {
        case "state": row.reason.isEmpty ? Self.state(row.state) : row.reason
        case "model": "not for this model"
        case "in_flight": "as many at once as it may"
        case "rate": "its rate limit is reached"
        case "tried": "the request failed on it"
        case "pin": "another key is pinned"
        case "priority": "others have a higher priority"
        case "warn": "little of its quota is left"
        case "trial": "another request is trying it"
        case "affinity": "its conversation is elsewhere"
        case "turn": "the turn of another one"
        case "provider": Self.provider(row.breaker)
        default: row.obstacle
        }
    }

    private static func state(_ word: String) -> String {
        word == "disabled" ? "disabled by a person" : word
    }

    private static func provider(_ breaker: String) -> String {
        switch breaker {
        case "open": "its provider's breaker is open"
        case "half_open": "its provider is being tried"
        default: "its provider comes later"
        }
    }
}
