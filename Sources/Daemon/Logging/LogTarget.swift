import Glibc

/// Where the log goes, in the words of systemd's tools.
enum LogTarget: String, Sendable {
    /// Standard error is a stream of the journal.
    case journal
    /// Standard error is something else: a terminal, a file, a pipe.
    case console

    /// Tells it by what the service manager says of the streams that it has connected (`JOURNAL_STREAM`, systemd.exec(5)):
    /// the variable is handed on to children, so that it counts only for the descriptor that it names.
    init(descriptor: CInt = STDERR_FILENO, journalStream: String?) {
        var status = stat()
        guard let journalStream, fstat(descriptor, &status) == 0,
            journalStream == "\(status.st_dev):\(status.st_ino)"
        else {
            self = .console
            return
        }
        self = .journal
    }
}
