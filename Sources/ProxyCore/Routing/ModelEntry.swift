/// One model in a list of models.
public struct ModelEntry: Sendable, Hashable {
    /// The id by which requests name the model.
    public var id: String
    /// The name for people; `nil` shows the id.
    public var displayName: String?
    /// Whose model it is; `nil` shows the provider's name.
    public var owner: String?
    /// When it was made; `nil` shows the epoch.
    public var created: WallTime?

    /// Makes an entry.
    public init(id: String, displayName: String? = nil, owner: String? = nil, created: WallTime? = nil) {
        self.id = id
        self.displayName = displayName
        self.owner = owner
        self.created = created
    }

    /// The longest list that is read, in bytes.
    public static let maximumListLength = 8 << 20
    /// The most models that are taken from one list.
    public static let maximumListCount = 10_000

    /// Reads a provider's list of models in the shape of OpenAI or Anthropic; `nil` if it has another shape or is longer
    /// than 8 MiB.
    ///
    /// An element without a sound id (1–256 visible ASCII characters) is left out, one that comes again too.
    public static func parseList(_ body: some Collection<UInt8>) -> [ModelEntry]? {
        guard body.count <= self.maximumListLength, let root = JSONValue(parsing: Array(body)),
            case .array(let elements) = root["data"]
        else { return nil }
        var seen: Set<String> = []
        var entries: [ModelEntry] = []
        for element in elements {
            guard let id = element["id"]?.text, IdentityText.isVisibleASCII(id, maximum: 256), seen.insert(id).inserted
            else { continue }
            entries.append(
                ModelEntry(
                    id: id,
                    displayName: self.shown(element["display_name"]),
                    owner: self.shown(element["owned_by"]),
                    created: self.created(element)))
            if entries.count == self.maximumListCount { break }
        }
        return entries
    }

    private static func shown(_ value: JSONValue?) -> String? {
        guard let text = value?.text, (1...256).contains(text.utf8.count) else { return nil }
        return text
    }

    private static func created(_ element: JSONValue) -> WallTime? {
        if let text = element["created_at"]?.text { return WallTime(rfc3339: text) }
        guard case .number(let text) = element["created"], let seconds = Int64(text), (0..<1 << 36).contains(seconds)
        else { return nil }
        return WallTime(microseconds: seconds * 1_000_000)
    }
}
