import ArgumentParser
import Foundation
import ProxyCore
import SystemSupport

/// `kmid`: the daemon.
@main
struct Daemon: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmid",
        abstract: "Holds the API keys of a machine's user and serves the APIs of their providers on loopback.",
        version: Version.line,
        subcommands: [Run.self, CheckConfig.self, Restore.self, ShowVersion.self],
        defaultSubcommand: Run.self
    )

    /// Before anything else nobody may look into the process any more, because it is about to read secrets.
    static func main() {
        for failure in MemoryPrivacy.enforce() {
            FileHandle.standardError.write(Data("kmid: the memory is not kept from core dumps (\(failure))\n".utf8))
        }
        self.main(nil)
    }
}

extension Daemon {
    /// The command `kmid [run]`.
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Run the daemon in the foreground.")

        @Option(help: ArgumentHelp("The configuration file.", valueName: "FILE"))
        var config: String?
        @Option(help: ArgumentHelp("The directory of the daemon's state.", valueName: "DIR"))
        var stateDir: String?
        @Option(help: ArgumentHelp("The bus to appear on: session, system, none or an address.", valueName: "BUS"))
        var bus: String?

        func validate() throws {
            guard let bus else { return }
            do throws(ConfigurationValueError) {
                _ = try Form.bus.read(.text(bus))
            } catch {
                throw ValidationError("--bus: \(error.reason)")
            }
        }

        func run() {
            let daemon = DaemonRun(config: self.config, stateDirectory: self.stateDir, bus: self.bus)
            MainThread.blockSignals()
            Task.detached { Foundation.exit(await daemon.run()) }
            MainThread.rest()
        }
    }

    /// The command `kmid check-config`.
    struct CheckConfig: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check-config", abstract: "Check the configuration and report every problem.")

        @Option(help: ArgumentHelp("The configuration file.", valueName: "FILE"))
        var config: String?

        func run() throws {
            throw ExitCode(CheckConfiguration.run(ConfigurationLoader(configPath: self.config)))
        }
    }

    /// The command `kmid restore`.
    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a copy of the state in its place; the daemon must not run.")

        @Option(help: ArgumentHelp("The directory of the daemon's state.", valueName: "DIR"))
        var stateDir: String?
        @Flag(help: "Only check the copy; nothing changes.")
        var check = false
        @Argument(help: ArgumentHelp("The copy: a file of backups/ in the state directory.", valueName: "FILE"))
        var file: String

        func run() throws {
            throw ExitCode(RestoreState(file: self.file, stateDirectory: self.stateDir, isCheck: self.check).run())
        }
    }

    /// The command `kmid version`.
    struct ShowVersion: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "version", abstract: "Show the version.")

        func run() {
            print(Version.line)
        }
    }
}
