import DBusControl
import DBusKit
import TestSupport

@testable import DBusControl

/// A call of one member of the daemon, made up from what it introspects as.
struct MemberCall: Sendable {
    /// The object.
    let path: ObjectPath
    /// The interface of the method.
    let interface: InterfaceName
    /// The method.
    let member: MemberName
    /// The types of its arguments.
    let signature: [Signature]
    /// The property that is set: its interface, its name and its type.
    var property: (interface: InterfaceName, name: MemberName, type: Signature)?

    /// The name of the member in messages of tests.
    var title: String { self.property.map { "\($0.interface).\($0.name)=" } ?? "\(self.interface).\(self.member)" }

    /// Its row in the table of policies; `nil` if there is none.
    var row: PolicyTable.Row? {
        PolicyTable.rows.first { row in
            guard let property = self.property else {
                return row.use == .call && row.interface == self.interface && row.member == self.member
            }
            return row.use == .setting && row.interface == property.interface && row.member == property.name
        }
    }

    /// Arguments of the right types; descriptors are new ones.
    func arguments() throws -> [BusValue] {
        guard let property = self.property else { return try self.signature.map { try BusValue.some($0) } }
        return [
            .string(property.interface.text), .string(property.name.text),
            .variant(try BusValue.some(property.type)),
        ]
    }

    /// The call as it arrives at an object.
    func asCall(from sender: BusName?) throws -> BusCall {
        BusCall(
            sender: sender, path: self.path, interface: self.interface, member: self.member,
            arguments: try self.arguments())
    }

    /// A call of every method of every interface, and one that sets each property that can be set, by what the objects of a
    /// stage introspect as; the standard interfaces are those of the manager.
    static func all(on stage: ControlStage) async throws -> [MemberCall] {
        let objects = [
            ControlPath.manager, ControlPath.key("alpha"), ControlPath.provider("kimi"), ControlPath.client("ci"),
            LogControlInterface.path,
        ]
        var calls: [MemberCall] = []
        var seen: Set<String> = []
        for path in objects {
            for interface in try IntrospectedInterface.everything(in: try await stage.introspect(path))
            where seen.insert(interface.name).inserted {
                for member in interface.members.values.sorted(by: { $0.name < $1.name }) {
                    if let call = Self.call(of: member, interface.name, path) { calls.append(call) }
                }
            }
        }
        return calls
    }

    private static func call(
        of member: IntrospectedInterface.Member, _ interface: String, _ path: ObjectPath
    ) -> MemberCall? {
        let words = member.name.split(separator: " ").map(String.init)
        guard words.count == 2, let interface = InterfaceName(interface), let name = MemberName(words[1]) else {
            return nil
        }
        switch words[0] {
        case "method":
            let inputs = member.arguments.map { $0.split(separator: " ").map(String.init) }.filter { $0[0] == "in" }
            return MemberCall(
                path: path, interface: interface, member: name, signature: inputs.compactMap { Signature($0[1]) })
        case "property" where member.access == "readwrite":
            guard let type = member.type.flatMap({ Signature($0) }) else { return nil }
            return MemberCall(
                path: path, interface: Standard.properties, member: "Set", signature: ["s", "s", "v"],
                property: (interface, name, type))
        default: return nil
        }
    }
}

extension BusValue {
    /// Some value of a type.
    static func some(_ signature: Signature) throws -> BusValue {
        switch signature.text {
        case "s": .string("alpha")
        case "b": .boolean(true)
        case "i": .int32(1)
        case "u": .uint32(1)
        case "t": .uint64(1)
        case "v": .variant(.string("alpha"))
        case "as": .strings([])
        case "a{sv}": .variants([:])
        case "a{st}": .counts([:])
        case "h": .descriptor(try Pipe.closed("sk-planted").reading)
        case let text where text.hasPrefix("a{s"):
            if let value = Signature(String(text.dropFirst(3).dropLast())) {
                .dictionary(key: "s", value: value, [])
            } else {
                throw TestFailure("no value of type \(signature)")
            }
        case let text where text.hasPrefix("a"):
            if let element = Signature(String(text.dropFirst())) {
                .array(of: element, [])
            } else {
                throw TestFailure("no value of type \(signature)")
            }
        default: throw TestFailure("no value of type \(signature)")
        }
    }
}
