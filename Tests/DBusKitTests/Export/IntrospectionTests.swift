import Foundation
import FoundationXML
import Testing

@testable import DBusKit

@Suite(.timeLimit(.minutes(5)))
struct IntrospectionTests {
    private static let interface: InterfaceName = "org.freedesktop.DBus.Introspectable"

    /// What stands at a path, read back from the XML.
    private final class Reader: NSObject, XMLParserDelegate {
        var interfaces: [InterfaceDescription] = []
        var children: [String] = []
        private var names: [String] = []
        private var input: [ArgumentDescription] = []
        private var output: [ArgumentDescription] = []
        private var change = PropertyDescription.Change.announced
        private var attributes: [[String: String]] = []
        private var problems: [String] = []

        static func read(_ text: String) throws -> Reader {
            let reader = Reader()
            let parser = XMLParser(data: Data(text.utf8))
            parser.delegate = reader
            #expect(parser.parse(), "\(String(describing: parser.parserError))")
            #expect(reader.problems == [])
            return reader
        }

        func parser(
            _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            self.names.append(element)
            self.attributes.append(attributes)
            switch (self.names.count, element) {
            case (1, "node"): break
            case (2, "node"): self.children.append(attributes["name"] ?? "?")
            case (2, "interface"):
                guard let name = attributes["name"].flatMap({ InterfaceName($0) }) else {
                    self.problems.append("an interface without a name")
                    return
                }
                self.interfaces.append(InterfaceDescription(name: name))
            case (3, "method"), (3, "signal"), (3, "property"):
                self.input = []
                self.output = []
                self.change = .announced
            case (4, "arg"):
                guard let signature = attributes["type"].flatMap({ Signature($0) }) else {
                    self.problems.append("an argument without a type")
                    return
                }
                let argument = ArgumentDescription(name: attributes["name"] ?? "", signature: signature)
                if attributes["direction"] == "out" {
                    self.output.append(argument)
                } else {
                    self.input.append(argument)
                }
            case (4, "annotation"):
                #expect(attributes["name"] == "org.freedesktop.DBus.Property.EmitsChangedSignal")
                self.change = attributes["value"].flatMap(PropertyDescription.Change.init) ?? .announced
                if self.change == .announced { self.problems.append("an annotation that says nothing") }
            default: self.problems.append("\(element) at \(self.names)")
            }
        }

        func parser(
            _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
        ) {
            self.names.removeLast()
            let attributes = self.attributes.removeLast()
            guard self.names.count == 2, let last = self.interfaces.indices.last else { return }
            guard let name = attributes["name"].flatMap({ MemberName($0) }) else {
                self.problems.append("a member without a name")
                return
            }
            switch element {
            case "method":
                self.interfaces[last].methods.append(
                    MethodDescription(name: name, input: self.input, output: self.output))
            case "signal":
                self.interfaces[last].signals.append(SignalDescription(name: name, arguments: self.input))
            default:
                guard let signature = attributes["type"].flatMap({ Signature($0) }),
                    let access = attributes["access"].flatMap(PropertyDescription.Access.init)
                else {
                    self.problems.append("a property without type or access")
                    return
                }
                self.interfaces[last].properties.append(
                    PropertyDescription(name: name, signature: signature, access: access, change: self.change))
            }
        }
    }

    private func introspect(_ exports: Exports, _ path: ObjectPath) async throws -> Reader {
        let outcome = await exports.call(path, Self.interface, "Introspect")
        let text = try #require(outcome.values?.first?.asString, "\(outcome)")
        #expect(outcome.values?.count == 1)
        #expect(
            text.hasPrefix(
                """
                <!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
                 "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
                <node>

                """))
        return try Reader.read(text)
    }

    @Test
    func tellsEverythingThatIsDescribedAndTheStandardInterfaces() async throws {
        let exports = try Exports(SampleObject.double)
        let node = try await self.introspect(exports, Exports.path)
        var sample = SampleObject.sample
        // For people; no message carries it.
        sample.documentation = nil
        #expect(
            node.interfaces == [
                sample, SampleObject.other, StandardInterface.peer, StandardInterface.introspectable,
                StandardInterface.properties,
            ])
        #expect(node.children == [])
    }

    @Test
    func tellsWhatStandsBelowAndOnTheWayToIt() async throws {
        let exports = Exports()
        for path: ObjectPath in ["/org/kmi/Proxy1/key/b", "/org/kmi/Proxy1/key/a", "/org/kmi/Proxy1", "/org/kmix"] {
            try exports.objects.export(SampleObject(), at: path)
        }
        try exports.objects.exportObjectManager(at: "/org/kmi/Proxy1")
        try exports.objects.exportObjectManager(at: "/manager/alone")
        let children: [(ObjectPath, [String])] = [
            ("/", ["manager", "org"]), ("/org", ["kmi", "kmix"]), ("/org/kmi", ["Proxy1"]),
            ("/org/kmi/Proxy1", ["key"]), ("/org/kmi/Proxy1/key", ["a", "b"]), ("/org/kmi/Proxy1/key/a", []),
            ("/org/kmix", []), ("/manager", ["alone"]), ("/manager/alone", []),
        ]
        for (path, names) in children {
            #expect(try await self.introspect(exports, path).children == names, "\(path)")
        }
        let manager = try await self.introspect(exports, "/org/kmi/Proxy1").interfaces.map(\.name.text)
        #expect(manager.contains("org.example.Sample"))
        #expect(manager.contains("org.freedesktop.DBus.ObjectManager"))
        let alone = try await self.introspect(exports, "/manager/alone").interfaces.map(\.name.text)
        #expect(
            alone.map { $0.split(separator: ".").last ?? "" }
                == ["Peer", "Introspectable", "Properties", "ObjectManager"])
        // On the way to something there is nothing to read.
        let way = try await self.introspect(exports, "/org/kmi").interfaces.map(\.name.text)
        #expect(way.map { $0.split(separator: ".").last ?? "" } == ["Peer", "Introspectable"])
        exports.objects.unexport("/org/kmix")
        #expect(try await self.introspect(exports, "/org").children == ["kmi"])
        #expect(await exports.call("/org/kmix", Self.interface, "Introspect").error?.name == .unknownObject)
    }

    @Test
    func survivesNamesThatXMLHasAMeaningFor() throws {
        let name = #"<a> & "b" 'c'"#
        let interface = InterfaceDescription(
            name: "org.example.Odd",
            methods: [
                MethodDescription(
                    name: "M",
                    input: [ArgumentDescription(name: name, signature: "s")],
                    output: [ArgumentDescription(name: "", signature: "s")]
                )
            ]
        )
        let text = IntrospectionDocument(interfaces: [interface], children: ["_2d"]).text
        let node = try Reader.read(text)
        #expect(node.interfaces == [interface])
        #expect(node.children == ["_2d"])
        #expect(text.contains(#"<arg type="s" direction="out"/>"#))
    }
}
