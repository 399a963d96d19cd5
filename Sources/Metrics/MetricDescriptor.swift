/// What kind of values a family holds; the raw value is the word of the `# TYPE` line.
public enum MetricKind: String, Sendable, Hashable {
    /// A sum that only grows while the process lives.
    case counter
    /// A value that goes up and down.
    case gauge
    /// Observations sorted into cumulative buckets, with their sum and count.
    case histogram
}

/// A label of a family, optionally with a bound of its own on the distinct values.
public struct MetricLabel: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The label's name.
    public let name: String
    /// How many distinct values are kept before further ones become `other`; `nil` for no bound but the family's.
    public let maximumValues: Int?

    /// A label with a bound on its distinct values.
    public init(_ name: String, maximumValues: Int? = nil) {
        self.name = name
        self.maximumValues = maximumValues
    }

    /// A label without a bound of its own.
    public init(stringLiteral name: String) {
        self.init(name)
    }
}

/// What a family was declared as: the part of it that is documented and never changes.
public struct MetricDescriptor: Sendable, Hashable {
    /// The name as it is written on sample lines, a counter's `_total` included.
    public let name: String
    /// One sentence for the `# HELP` line.
    public let help: String
    /// The kind of the values.
    public let kind: MetricKind
    /// The labels, in the order in which values are given and written.
    public let labels: [MetricLabel]

    /// Describes a family; whether the names are valid is decided when it is declared in a registry.
    public init(name: String, help: String, kind: MetricKind, labels: [MetricLabel]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
    }
}
