import DBusControl
import DBusKit
import Foundation
import TestSupport
import Testing

/// The files of `dbus/` and what the daemon says of itself.
@Suite(.timeLimit(.minutes(5)))
struct IntrospectionTests {
    private static let interfaces = [
        ManagerInterface.description, KeyInterface.description, ProviderInterface.description,
        ClientInterface.description, LogControlInterface.description,
    ]

    private static func file(of interface: InterfaceDescription) -> String {
        "\(BuildProducts.packageRoot)/dbus/interfaces/\(interface.name).xml"
    }

    @Test("every interface is described in a file as it is exported (K-012)")
    func everyInterfaceIsDescribedInAFileAsItIsExported() throws {
        for interface in Self.interfaces {
            let text = try String(contentsOfFile: Self.file(of: interface), encoding: .utf8)
            #expect(
                try IntrospectedInterface.all(in: text) == [IntrospectedInterface(interface)],
                "dbus/interfaces/\(interface.name).xml should hold\n\(IntrospectedInterface.xml(of: interface))")
        }
        let files = try FileManager.default.contentsOfDirectory(
            atPath: "\(BuildProducts.packageRoot)/dbus/interfaces")
        #expect(Set(files) == Set(Self.interfaces.map { "\($0.name).xml" }))
    }

    @Test func everyMemberOfTheFilesHasAComment() throws {
        for interface in Self.interfaces {
            let lines = try String(contentsOfFile: Self.file(of: interface), encoding: .utf8)
                .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            for (before, line) in zip(lines, lines.dropFirst())
            where ["<method ", "<property ", "<signal "].contains(where: line.hasPrefix) {
                #expect(before.hasSuffix("-->"), "\(line)")
            }
        }
    }

    @Test func theDaemonIntrospectsAsTheFilesSay() async throws {
        try await ControlStage.with { stage in
            let objects = [
                (ControlPath.manager, ManagerInterface.description),
                (ControlPath.key("alpha"), KeyInterface.description),
                (ControlPath.provider("kimi"), ProviderInterface.description),
                (ControlPath.client("ci"), ClientInterface.description),
                (LogControlInterface.path, LogControlInterface.description),
            ]
            for (path, interface) in objects {
                let told = try IntrospectedInterface.all(in: try await stage.introspect(path))
                let text = try String(contentsOfFile: Self.file(of: interface), encoding: .utf8)
                #expect(told == (try IntrospectedInterface.all(in: text)), "\(path)")
            }
        }
    }

    @Test func everyObjectHasTheStandardInterfacesAndIsFoundFromTheRoot() async throws {
        try await ControlStage.with { stage in
            for path in [
                ControlPath.manager, ControlPath.key("alpha"), ControlPath.provider("kimi"), ControlPath.client("ci"),
            ] {
                let xml = try await stage.introspect(path)
                for standard in ["Properties", "Introspectable", "Peer"] {
                    #expect(xml.contains("\"org.freedesktop.DBus.\(standard)\""), "\(standard) of \(path)")
                }
                _ = try await stage.call(path, Standard.peer, "Ping")
                #expect(xml.contains("ObjectManager") == (path == ControlPath.manager))
            }
            #expect(try await stage.introspect("/").contains("<node name=\"org\""))
            let manager = try await stage.introspect(ControlPath.manager)
            #expect(manager.contains("<node name=\"key\""))
            #expect(manager.contains("<node name=\"provider\""))
            #expect(manager.contains("<node name=\"client\""))
            #expect(try await stage.introspect("/org/kmi/Proxy1/key").contains("<node name=\"alpha\""))
        }
    }

    @Test(.enabled(if: Self.canValidate))
    func theFilesAndWhatTheDaemonTellsAreValid() async throws {
        try await ControlStage.with { stage in
            try await TemporaryDirectory.with { directory in
                var files = Self.interfaces.map(Self.file)
                for (index, path) in [ControlPath.manager, ControlPath.key("alpha"), "/"].enumerated() {
                    files.append(try directory.write("\(index).xml", try await stage.introspect(path)))
                }
                let xmllint = try #require(Tools.path(of: "xmllint"))
                let result = try await FinishedProcess.run(
                    xmllint, arguments: ["--nonet", "--noout", "--dtdvalid", Self.definition] + files)
                #expect(result.isSuccess, "\(result.standardError)")
            }
        }
    }

    private static let definition = "/usr/share/xml/dbus-1/introspect.dtd"
    private static let canValidate =
        Tools.path(of: "xmllint") != nil && FileManager.default.fileExists(atPath: Self.definition)

    @Test func theActivationFileNamesTheBusName() throws {
        let text = try String(
            contentsOfFile: "\(BuildProducts.packageRoot)/dbus/org.kmi.Proxy1.service.in", encoding: .utf8)
        #expect(
            text.contains(
                "[D-BUS Service]\nName=\(ControlNames.bus)\nExec=@bindir@/kmid run\nSystemdService=kmid.service\n"))
    }
}
