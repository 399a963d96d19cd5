import CSystemd
import Glibc

/// Asks the kernel whose sockets are (`sock_diag(7)`), at a price that does not grow with the number of sockets.
struct SocketDiagnosis: ~Copyable {
    private let descriptor: Int32
    private var sequence: UInt32 = 0
    /// Whether the kernel has told of a socket once: only then its word that there is none can be believed.
    private(set) var isProven = false

    /// Opens the socket; `nil` where that is not allowed or not known.
    init?() {
        let type = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_NETLINK, type, SocketQuestion.netlinkProtocol)
        guard descriptor >= 0 else { return nil }
        // The kernel answers within the call that asks; the limit is for kernels that do not.
        var limit = timeval(tv_sec: 0, tv_usec: 200_000)
        guard
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size)) == 0
        else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// Asks about one socket; `.unreadable` if the kernel could not be asked.
    mutating func ask(about ends: SocketEnds) -> SocketQuestion.Answer {
        self.sequence &+= 1
        let question = SocketQuestion.message(about: ends, sequence: self.sequence)
        guard send(self.descriptor, question, question.count, 0) == question.count else { return .unreadable }
        // Answers to earlier questions, which came after their time, are passed over.
        for _ in 0..<4 {
            var message = [UInt8](repeating: 0, count: SocketQuestion.maximumAnswerBytes)
            let count = recv(self.descriptor, &message, message.count, 0)
            guard count > 0 else { return .unreadable }
            message.removeLast(message.count - count)
            let answer = SocketQuestion.answer(message, to: self.sequence, about: ends)
            if answer == .unreadable { continue }
            if case .owner = answer { self.isProven = true }
            return answer
        }
        return .unreadable
    }
}
