public import DBusKit

extension UsageQuery {
    /// The options of `GetUsage`.
    private enum Option: String, ControlOption {
        case by = "by"
        case since = "since"
        case until = "until"
        case key = "key"
        case provider = "provider"
        case model = "model"
        case client = "client"
        case project = "project"
        case process = "process"
    }

    /// The options as messages carry them, `a{sv}`; what is not asked for is left out.
    public var busValue: BusValue {
        var options: [String: BusValue] = [:]
        if !self.by.isEmpty { options[Option.by.rawValue] = .string(UsageAxis.text(of: self.by)) }
        options[Option.since.rawValue] = self.since.map { .uint64($0) }
        options[Option.until.rawValue] = self.until.map { .uint64($0) }
        options[Option.key.rawValue] = self.key.map { .text($0) }
        options[Option.provider.rawValue] = self.provider.map { .text($0) }
        options[Option.model.rawValue] = self.model.map { .text($0) }
        options[Option.client.rawValue] = self.client.map { .text($0) }
        options[Option.project.rawValue] = self.project.map { .text($0) }
        options[Option.process.rawValue] = self.process.map { .text($0) }
        return .variants(options)
    }

    /// Reads the options strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        let axes = UsageAxis.allCases.map(\.rawValue).joined(separator: ", ")
        self.by =
            try reader.value(.by, expected: "s, some of \(axes), each once, joined by commas") {
                $0.asString.flatMap(UsageAxis.list)
            } ?? []
        self.since = try reader.moment(.since)
        self.until = try reader.moment(.until)
        self.key = try reader.label(.key)
        self.provider = try reader.label(.provider)
        self.model = try reader.model(.model)
        self.client = try reader.label(.client)
        self.project = try reader.name(.project)
        self.process = try reader.name(.process)
    }
}

extension UsageAxis {
    /// Reads `model,day`: known words, each once; `nil` for anything else, nothing included.
    public static func list(_ text: String) -> [UsageAxis]? {
        var axes: [UsageAxis] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let axis = UsageAxis(rawValue: String(word)), !axes.contains(axis) else { return nil }
            axes.append(axis)
        }
        return axes
    }

    /// The words of axes as an option holds them.
    static func text(of axes: [UsageAxis]) -> String { axes.map(\.rawValue).joined(separator: ",") }
}

extension OptionReader {
    /// The name of a model.
    func model(_ option: Option) throws(ControlFault) -> String? {
        try self.value(option, expected: "s, 1 to 256 visible ASCII characters") {
            $0.asString.flatMap { ControlText.isVisibleASCII($0, maximum: 256) ? $0 : nil }
        }
    }

    /// The name of a project or a process.
    fileprivate func name(_ option: Option) throws(ControlFault) -> String? {
        try self.value(option, expected: "s, 1 to 256 bytes without control characters") {
            $0.asString.flatMap { ControlText.isName($0) ? $0 : nil }
        }
    }
}
