internal import Crypto

/// A price table in the format of LiteLLM's `model_prices_and_context_window.json` (provider facts, section 15).
///
/// The top level is an object from models to their fields; prices are US dollars for a token. Two names are no models,
/// `sample_spec` and `fallback_generalizations`, and `_kmi` holds what a table says of itself: `effective`, a day, and
/// `source`. Fields that are not known are left out; a field that is missing is not known and never 0. So are entries
/// whose name no model can have. The last one of several entries of a name counts.
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
    /// The SHA-256 of its bytes in hexadecimal digits.
    public let sha256: String
    /// How many entries were passed over because no model can have their name.
    public let passedOver: Int
    /// The models that have a price.
    let models: [String: ModelPrice]

    /// Reads a table; blocks for a tenth of a second if it is a large one.
    public init(parsing bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= Self.largest else {
            throw Fault(reason: "is larger than \(Self.largest >> 20) MiB")
        }
        let members = try Self.members(bytes)
        guard members.count <= Self.mostModels else { throw Fault(reason: "has more than \(Self.mostModels) entries") }
        var models: [String: ModelPrice] = [:]
        var about = About()
        var passedOver = 0
        for member in members {
            switch member.name {
            case "sample_spec", "fallback_generalizations": continue
            case "_kmi": about = try About(member.value)
            default:
                // Tables are collected by many hands. A name that nobody can ask for does no harm.
                guard ModelName(member.name) != nil else {
                    passedOver += 1
                    continue
                }
                let price = try Self.price(member)
                models[member.name] = price.isEmpty ? nil : price
            }
        }
        self.passedOver = passedOver
        self.models = models
        self.effective = about.effective
        self.effectiveAt = about.effectiveAt
        self.sha256 = Self.hexadecimal(SHA256.hash(data: bytes))
        self.version = "\(about.effective ?? "undated")+\(self.sha256.prefix(8))"
    }

    /// Reads the table that the daemon has without any file.
    public static func embedded() throws(Fault) -> PriceTable {
        try PriceTable(parsing: EmbeddedPrices.text.withUTF8Buffer { Array($0) })
    }

    /// How many models have a price.
    public var count: Int { self.models.count }

    /// The members of the top-level object.
    private static func members(_ bytes: [UInt8]) throws(Fault) -> [JSONValue.Member] {
        var scanner = JSONTopLevelScanner()
        bytes.withUnsafeBytes { scanner.feed($0) }
        do throws(JSONTopLevelScanner.Fault) {
            try scanner.finish()
        } catch {
            throw Fault(reason: "is no JSON, as byte \(error.offset) shows")
        }
        guard scanner.isObject else { throw Fault(reason: "is no JSON object") }
        guard case .object(let members) = JSONValue(parsing: bytes) else {
            // The scanner allows for more nesting.
            throw Fault(reason: "is nested more than \(JSONValue.maximumDepth) deep")
        }
        return members
    }

    private static func price(_ member: JSONValue.Member) throws(Fault) -> ModelPrice {
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

        init() {}

        init(_ value: JSONValue) throws(Fault) {
            guard case .object = value else { throw Fault(entry: "_kmi", reason: "is no object") }
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
