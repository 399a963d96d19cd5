internal import Crypto

/// A price table in the format of LiteLLM's `model_prices_and_context_window.json` (provider facts, section 15).
///
/// The top level is an object from models to their fields; prices are US dollars for a token. Two names are no models,
/// `sample_spec` and `fallback_generalizations`, and `_kmi` holds what a table says of itself: `effective`, a day, and
/// `source`. Fields that are not known are left out; a field that is missing is not known and never 0. The last one of
/// several entries of a name counts.
public struct PriceTable: Sendable {
    /// The largest table that is read, in bytes.
    public static let largest = 16 << 20
    /// The most models that it may have.
    public static let mostModels = 20_000

    /// Why a text is no price table.
    public struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        /// The model, or what else stands at the top level; `nil` if it is about the whole.
        public var entry: String?
        /// The field of the entry.
        public var field: String?
        /// What is wrong, for a person.
        public var reason: String

        /// What is wrong and where.
        public var description: String {
            let place = [self.entry.map { "\"\($0)\"" }, self.field].compactMap(\.self).joined(separator: ", ")
            return place.isEmpty ? self.reason : "\(place): \(self.reason)"
        }
    }

    /// The day and the beginning of the hash, such as `2026-07-09+1f2e3d4c`: what is kept with every cost.
    public let version: String
    /// The day from which the prices hold, as the table says; `nil` if it does not.
    public let effective: String?
    /// The beginning of that day (UTC).
    public let effectiveAt: WallTime?
    /// Where the table says that it is from.
    public let source: String?
    /// The SHA-256 of its bytes in hexadecimal digits.
    public let sha256: String
    /// The models that have a price.
    let models: [String: ModelPrice]

    /// Reads a table; blocks for a tenth of a second if it is a large one.
    public init(parsing bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= Self.largest else {
            throw Fault(reason: "is larger than \(Self.largest >> 20) MiB")
        }
        guard let value = JSONValue(parsing: bytes), case .object(let members) = value else {
            throw Fault(reason: "is no JSON object")
        }
        guard members.count <= Self.mostModels else { throw Fault(reason: "has more than \(Self.mostModels) entries") }
        var models: [String: ModelPrice] = [:]
        var about = About()
        for member in members {
            switch member.name {
            case "sample_spec", "fallback_generalizations": continue
            case "_kmi": about = try About(member.value)
            default:
                let price = try Self.price(member)
                models[member.name] = price.isEmpty ? nil : price
            }
        }
        self.models = models
        self.effective = about.effective
        self.effectiveAt = about.effectiveAt
        self.source = about.source
        self.sha256 = Self.hexadecimal(SHA256.hash(data: bytes))
        self.version = "\(about.effective ?? "undated")+\(self.sha256.prefix(8))"
    }

    /// Reads the table that the daemon has without any file.
    public static func embedded() throws(Fault) -> PriceTable {
        try PriceTable(parsing: EmbeddedPrices.text.withUTF8Buffer { Array($0) })
    }

    /// The models that have a price, in order of their names.
    public var names: [String] { self.models.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

    /// How many models have a price.
    public var count: Int { self.models.count }

    private static func price(_ member: JSONValue.Member) throws(Fault) -> ModelPrice {
        guard ModelName(member.name) != nil else {
            let reason = "is no name of a model: 1 to 256 visible ASCII characters"
            throw Fault(entry: String(member.name.prefix(64)), reason: reason)
        }
        guard case .object(let fields) = member.value else { throw Fault(entry: member.name, reason: "is no object") }
        do throws(ModelPrice.Fault) {
            return try ModelPrice(fields)
        } catch {
            throw Fault(entry: member.name, field: error.field, reason: error.reason)
        }
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return byte < 0x10 ? "0" + digits : digits
        }.joined()
    }

    /// What a table says of itself.
    private struct About {
        var effective: String?
        var effectiveAt: WallTime?
        var source: String?

        init() {}

        init(_ value: JSONValue) throws(Fault) {
            guard case .object = value else { throw Fault(entry: "_kmi", reason: "is no object") }
            self.source = value["source"]?.text.map { String($0.prefix(512)) }
            guard let effective = value["effective"], effective != .null else { return }
            guard let day = effective.text, day.utf8.count == 10, let time = WallTime(rfc3339: day + "T00:00:00Z")
            else {
                throw Fault(entry: "_kmi", field: "effective", reason: "is no day of the form 2026-11-05")
            }
            self.effective = day
            self.effectiveAt = time
        }
    }
}
