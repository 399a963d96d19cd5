import ArgumentParser

/// `kmictl`: the control client.
@main
struct KMICtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "kmictl")
}
