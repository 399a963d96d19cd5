public import DBusKit

/// What a person may say about a provider that is added.
public struct ProviderOptions: Sendable, Equatable {
    /// The options of `AddProvider`.
    private enum Option: String, ControlOption {
        case anthropicBase = "anthropic_base_url"
    }

    /// The longest address, in bytes.
    static let longestAddress = 2048

    /// Where the Anthropic dialect has another base; empty for what follows from the kind.
    public var anthropicBase = ""

    /// A provider with one base.
    public init() {}

    /// The options as messages carry them, `a{sv}`; what is not asked for is left out.
    public var busValue: BusValue {
        .variants(self.anthropicBase.isEmpty ? [:] : [Option.anthropicBase.rawValue: .text(self.anthropicBase)])
    }

    /// Reads the options strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        self.anthropicBase =
            try reader.value(.anthropicBase, expected: "s, an address such as https://api.example.com/anthropic") {
                $0.asString.flatMap { ControlText.isVisibleASCII($0, maximum: Self.longestAddress) ? $0 : nil }
            } ?? ""
    }
}
