import Glibc

/// `kmictl`: the control client.
@main
enum Program {
    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        let status = await CommandRun(surroundings: .current()).run(words)
        exit(status.rawValue)
    }
}
