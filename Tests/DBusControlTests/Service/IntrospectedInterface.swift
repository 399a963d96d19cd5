import DBusKit
import Foundation
import FoundationXML
import TestSupport

/// An interface as introspection XML describes it, comments and order of members left out.
struct IntrospectedInterface: Equatable {
    /// A method, property or signal.
    struct Member: Equatable {
        /// `method`, `property` or `signal`, and the name.
        var name: String
        /// The arguments, `in s label`.
        var arguments: [String] = []
        /// A property's type.
        var type: String?
        /// A property's access.
        var access: String?
        /// Annotations other than those that say what is so without them.
        var annotations: [String: String] = [:]
    }

    var name: String
    var members: [String: Member] = [:]

    /// The interfaces of a description's text, without the standard ones.
    static func all(in xml: String) throws -> [IntrospectedInterface] {
        try self.everything(in: xml).filter { !$0.name.hasPrefix("org.freedesktop.DBus.") }
    }

    /// All interfaces of a description's text.
    static func everything(in xml: String) throws -> [IntrospectedInterface] {
        let reader = Reader()
        let parser = XMLParser(data: Data(xml.utf8))
        parser.delegate = reader
        guard parser.parse() else {
            throw TestFailure("no XML: \(String(describing: parser.parserError))\n\(xml)")
        }
        return reader.interfaces
    }

    /// The interface that a description describes.
    init(_ description: InterfaceDescription) {
        self.name = description.name.text
        for method in description.methods {
            let arguments =
                method.input.map { "in \($0.signature) \($0.name)" }
                + method.output.map { "out \($0.signature) \($0.name)" }
            self.add(Member(name: "method \(method.name)", arguments: arguments))
        }
        for property in description.properties {
            var member = Member(name: "property \(property.name)")
            member.type = property.signature.text
            member.access = property.access.rawValue
            if property.change != .announced { member.annotations[Self.changeAnnotation] = property.change.rawValue }
            self.add(member)
        }
        for signal in description.signals {
            self.add(
                Member(
                    name: "signal \(signal.name)", arguments: signal.arguments.map { "out \($0.signature) \($0.name)" }
                ))
        }
    }

    private init(named name: String) {
        self.name = name
    }

    private mutating func add(_ member: Member) { self.members[member.name] = member }

    private static let changeAnnotation = "org.freedesktop.DBus.Property.EmitsChangedSignal"

    /// Collects interfaces while a text is parsed.
    private final class Reader: NSObject, XMLParserDelegate {
        var interfaces: [IntrospectedInterface] = []
        private var member: Member?

        func parser(
            _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            let name = attributes["name"] ?? ""
            switch element {
            case "interface": self.interfaces.append(IntrospectedInterface(named: name))
            case "method", "signal", "property":
                self.member = Member(name: "\(element) \(name)", type: attributes["type"], access: attributes["access"])
            case "arg":
                let isMethod = self.member?.name.hasPrefix("method") == true
                let direction = attributes["direction"] ?? (isMethod ? "in" : "out")
                self.member?.arguments.append("\(direction) \(attributes["type"] ?? "") \(name)")
            case "annotation" where attributes["value"] != "true" || name != IntrospectedInterface.changeAnnotation:
                self.member?.annotations[name] = attributes["value"]
            default: break
            }
        }

        func parser(
            _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
        ) {
            guard ["method", "signal", "property"].contains(element), let member = self.member else { return }
            self.interfaces[self.interfaces.count - 1].add(member)
            self.member = nil
        }
    }
}

extension IntrospectedInterface {
    /// The interface as the files of `dbus/interfaces` write it, but for the comments: to bring a file up to date from.
    static func xml(of description: InterfaceDescription) -> String {
        func argument(_ argument: ArgumentDescription, _ direction: String?) -> String {
            let direction = direction.map { " direction=\"\($0)\"" } ?? ""
            return "      <arg name=\"\(argument.name)\" type=\"\(argument.signature)\"\(direction)/>"
        }
        func element(_ opening: String, _ content: [String], _ name: String) -> [String] {
            content.isEmpty ? ["    <\(opening)/>"] : ["    <\(opening)>"] + content + ["    </\(name)>"]
        }
        var lines = ["<node>", "  <interface name=\"\(description.name)\">"]
        for method in description.methods {
            lines += element(
                "method name=\"\(method.name)\"",
                method.input.map { argument($0, "in") } + method.output.map { argument($0, "out") }, "method")
        }
        for property in description.properties {
            let change = property.change.rawValue
            lines += element(
                "property name=\"\(property.name)\" type=\"\(property.signature)\" access=\"\(property.access.rawValue)\"",
                property.change == .announced
                    ? [] : ["      <annotation name=\"\(Self.changeAnnotation)\" value=\"\(change)\"/>"], "property")
        }
        for signal in description.signals {
            lines += element("signal name=\"\(signal.name)\"", signal.arguments.map { argument($0, nil) }, "signal")
        }
        return (lines + ["  </interface>", "</node>"]).joined(separator: "\n")
    }
}
