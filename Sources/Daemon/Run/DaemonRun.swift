import DBusKit
import Foundation
import Gateway
import Logging
import NIOPosix
import ProxyCore
import ServiceLifecycle
import SystemSupport
import UnixSignals

/// One run of the daemon, from its arguments to its exit status.
///
/// Reads like a table of contents: each step is made elsewhere.
struct DaemonRun {
    /// Exit statuses; a configuration that cannot be used ends with that of ``CheckConfiguration``.
    enum Status {
        static let ok: Int32 = 0
        static let failed: Int32 = 1
    }

    let config: String?
    let stateDirectory: String?
    let bus: String?

    /// Runs until a signal ends it.
    ///
    /// Returns the exit status.
    func run() async -> Int32 {
        // A file that the daemon makes is for its user alone, from the first moment (K-033).
        umask(0o077)
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        // Before the environment is read by others, and before anything else could take a descriptor for its own.
        let given = GivenByManager.take()
        // Before the configuration is read: a wish to read it again that comes after that waits for the daemon to run.
        let reloadSignals = await UnixSignalsSequence(trapping: .sighup)
        let environment = ProcessInfo.processInfo.environment
        let loader = ConfigurationLoader(
            configPath: self.config, options: self.bus.map { ["control.bus": $0] } ?? [:], environment: environment,
            stateDirectory: Directories.statePath(self.stateDirectory, environment: environment))
        let sources = ConfigurationSources(loader.files)
        let loaded: LoadedConfiguration
        switch loader.load(now: SystemTime().wallTime()) {
        case .success(let configuration):
            loaded = configuration
            loaded.eraseEnvironment()
        case .failure(let problems):
            let (lines, status) = CheckConfiguration.report(.failure(problems))
            FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
            return status
        }
        let output = LogOutput(loaded.configuration.log)
        defer { output.flush() }
        let logger = output.logger(label: "kmid")
        for warning in loaded.warnings {
            logger.warning("configuration", metadata: ["event": "config_warning", "warning": "\(warning)"])
        }
        self.raiseDescriptorLimit(loaded.configuration, logger)
        Sandbox.report(Sandbox.state(environment: environment), to: logger)
        do {
            guard given.sockets.failures.isEmpty else { throw ListenFailures(failures: given.sockets.failures) }
            let directories = try Directories(stateDirectory: self.stateDirectory, environment: environment)
            for path in directories.repaired {
                logger.warning(
                    "directory was open to others; its mode is 0700 now",
                    metadata: ["event": "directory_mode_repaired", "directory": "\(path)"])
            }
            // Whatever another daemon holds is asked for before anything is opened (K-002).
            let lock = try StateLock(directory: directories.state)
            let address = BusAddress(loaded.configuration.control.bus)
            var connection: BusConnection?
            if let address { connection = try await BusPresence.look(at: address, logger: logger) }
            let state = try DaemonState(
                lock: lock, directory: directories.state, file: loaded, logger: logger)
            // Held until everything that writes there has ended, whatever the optimiser thinks of it.
            defer { withExtendedLifetime(lock) {} }
            let services = try await DaemonServices.make(
                DaemonServices.Foundation(
                    loaded: loaded, loader: loader, sources: sources, directories: directories, state: state,
                    given: given, reloadSignals: reloadSignals, bus: address,
                    connection: connection, output: output, logger: logger))
            try await services.run()
            logger.info("ended", metadata: ["event": "ended"])
            return Status.ok
        } catch let failures as ListenFailures {
            for failure in failures.failures {
                logger.critical("cannot listen", metadata: ["event": "listen_failed", "reason": "\(failure)"])
            }
            return Status.failed
        } catch {
            logger.critical("cannot run", metadata: ["event": "failed", "reason": "\(error)"])
            return Status.failed
        }
    }

    /// Room for as many connections as are allowed, both ways, and for what else is open; without it the soft limit of 1,024
    /// would end it at some hundred streams.
    private func raiseDescriptorLimit(_ configuration: Configuration, _ logger: Logger) {
        let needed = (configuration.server.limits.connections + configuration.upstream.maxConnections) + 512
        do throws(DescriptorLimitFailure) {
            let limit = try DescriptorLimit.raise(toAtLeast: UInt64(needed))
            guard limit.soft < UInt64(needed) else { return }
            logger.warning(
                "fewer descriptors are allowed than the configured connections may need; raise LimitNOFILE= or `ulimit -Hn`",
                metadata: ["event": "descriptor_limit", "limit": "\(limit.soft)", "needed": "\(needed)"])
        } catch {
            logger.warning(
                "the limit of descriptors cannot be raised",
                metadata: ["event": "descriptor_limit", "errno": "\(error.errorNumber)", "needed": "\(needed)"])
        }
    }
}
