/// The XML that tells what is at a path (D-Bus specification, section "Introspection Data Format").
struct IntrospectionDocument {
    private static let changeAnnotation = "org.freedesktop.DBus.Property.EmitsChangedSignal"

    private var lines = [
        #"<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN""#,
        #" "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">"#,
    ]

    /// The document.
    var text: String { self.lines.joined(separator: "\n") + "\n" }

    /// Describes a path by its interfaces and the elements that follow it.
    init(interfaces: [InterfaceDescription], children: [String]) {
        self.lines.append("<node>")
        for interface in interfaces { self.add(interface) }
        for child in children { self.lines.append("  <node\(Self.attribute("name", child))/>") }
        self.lines.append("</node>")
    }

    private mutating func add(_ interface: InterfaceDescription) {
        self.lines.append("  <interface\(Self.attribute("name", interface.name.text))>")
        for method in interface.methods {
            self.add(
                "method",
                Self.attribute("name", method.name.text),
                method.input.map { Self.argument($0, direction: "in") }
                    + method.output.map { Self.argument($0, direction: "out") }
            )
        }
        for signal in interface.signals {
            self.add("signal", Self.attribute("name", signal.name.text), signal.arguments.map { Self.argument($0) })
        }
        for property in interface.properties { self.add(property) }
        self.lines.append("  </interface>")
    }

    private mutating func add(_ property: PropertyDescription) {
        let attributes =
            Self.attribute("name", property.name.text) + Self.attribute("type", property.signature.text)
            + Self.attribute("access", property.access.rawValue)
        // What is not annotated is announced.
        let annotations =
            property.change == .announced
            ? []
            : [
                "<annotation\(Self.attribute("name", Self.changeAnnotation))"
                    + "\(Self.attribute("value", property.change.rawValue))/>"
            ]
        self.add("property", attributes, annotations)
    }

    private mutating func add(_ element: String, _ attributes: String, _ content: [String]) {
        if content.isEmpty {
            self.lines.append("    <\(element)\(attributes)/>")
        } else {
            self.lines.append("    <\(element)\(attributes)>")
            self.lines += content.map { "      \($0)" }
            self.lines.append("    </\(element)>")
        }
    }

    private static func argument(_ argument: ArgumentDescription, direction: String? = nil) -> String {
        let name = argument.name.isEmpty ? "" : self.attribute("name", argument.name)
        let direction = direction.map { self.attribute("direction", $0) } ?? ""
        return "<arg\(name)\(self.attribute("type", argument.signature.text))\(direction)/>"
    }

    private static func attribute(_ name: String, _ value: String) -> String {
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return " \(name)=\"\(escaped)\""
    }
}
