import ProxyCore

@testable import Daemon

/// The configuration: any text is read or refused with messages of one line that name a place, the same ones each time.
enum ConfigurationTarget {
    private static let now = WallTime(microseconds: 1_795_176_000_000_000)

    private struct Findings: Equatable {
        var problems: [ConfigurationProblem] = []
        var warnings: [ConfigurationProblem] = []
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let text = Array(bytes)
        let found = self.read(text)
        Fuzzing.check(self.read(text) == found, "other findings the second time")
        for problem in found.problems + found.warnings {
            Fuzzing.check(!problem.message.isEmpty, "an empty message")
            Fuzzing.check(
                problem.message.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "a message of lines: \(problem.message)"
            )
            if let line = problem.origin.line {
                Fuzzing.check(line >= 1 && line <= text.count(where: { $0 == 0x0A }) + 1, "a line that is not there")
            }
        }
    }

    private static func read(_ text: [UInt8]) -> Findings {
        var reader = ConfigurationReader()
        do throws(ConfigurationSyntaxError) {
            reader.read(try ConfigurationDocument(source: "kmi.toml", bytes: text))
        } catch {
            return Findings(problems: [error.problem])
        }
        ConfigurationEnvironment.read([:], into: &reader)
        var validator = ConfigurationValidator(reader, now: self.now)
        reader = validator.run()
        return Findings(problems: reader.problems, warnings: reader.warnings)
    }
}
