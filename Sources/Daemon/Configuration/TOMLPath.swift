/// The way to a value of a document: keys, and indices of lists.
struct TOMLPath: Hashable, Sendable, CustomStringConvertible {
    /// One step.
    enum Element: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    var elements: [Element] = []

    func appending(_ key: String) -> TOMLPath { TOMLPath(elements: self.elements + [.key(key)]) }

    func appending(index: Int) -> TOMLPath { TOMLPath(elements: self.elements + [.index(index)]) }

    /// The path of what holds this value; `nil` for the document itself.
    var parent: TOMLPath? {
        self.elements.isEmpty ? nil : TOMLPath(elements: self.elements.dropLast())
    }

    /// As people write it, `key[0].label`; keys that are not bare stand in quotes.
    var description: String {
        var text = ""
        for element in self.elements {
            switch element {
            case .index(let index): text += "[\(index)]"
            case .key(let key):
                text += text.isEmpty ? "" : "."
                text += Self.isBare(key) ? key : "\"\(Self.escaped(key))\""
            }
        }
        return text
    }

    private static func isBare(_ key: String) -> Bool {
        !key.isEmpty
            && key.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
                    || $0 == 0x2D
            }
    }

    // Messages are one line each, whatever a key holds.
    private static func escaped(_ key: String) -> String {
        String(key.unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}
