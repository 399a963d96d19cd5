import ProxyCore

/// Looks for the callers of many connections at a time.
struct PeerLookup: ~Copyable, Sendable {
    private var diagnosis: SocketDiagnosis?
    private var finder = ProcessFinder()
    private var names = UserNames()

    /// Prepares to look; `asksKernel`: not only in its tables but by questions, as far as it lets us.
    init(asksKernel: Bool = true) {
        self.diagnosis = asksKernel ? SocketDiagnosis() : nil
    }

    /// Looks once for all of them; what is not found stays unknown.
    mutating func look(for peers: [PendingPeer]) {
        // A port may be used again while its last connection still waits here, so that two have the same ends.
        var byEnds: [SocketEnds: [PendingPeer]] = [:]
        for peer in peers {
            switch peer.ends {
            case .unix(let userID, let processID):
                let process = self.finder.process(processID, seenAtTicks: peer.seenAtTicks)
                self.tell(peer.observation, userID: userID, process: process)
            case .loopback(let localAddress, let localPort, let peerAddress, let peerPort):
                // The caller's socket is the one whose local end is our remote one.
                guard
                    let callerAddress = NetworkAddress(peerAddress), let ourAddress = NetworkAddress(localAddress),
                    let callerPort = UInt16(exactly: peerPort), let ourPort = UInt16(exactly: localPort)
                else { continue }
                let ends = SocketEnds(
                    localAddress: callerAddress, localPort: callerPort, remoteAddress: ourAddress, remotePort: ourPort)
                byEnds[ends, default: []].append(peer)
            }
        }
        guard !byEnds.isEmpty else { return }
        self.lookForSockets(byEnds)
    }

    private mutating func lookForSockets(_ byEnds: [SocketEnds: [PendingPeer]]) {
        var searches: [UInt64: SocketSearch] = [:]
        var byInode: [UInt64: (peers: [PendingPeer], userID: UInt32)] = [:]
        for (ends, owner) in self.owners(of: Set(byEnds.keys)) {
            // Without an inode the caller has left already, and the user is not told any more.
            guard let peers = byEnds[ends], let last = peers.map(\.seenAtTicks).max(), owner.inode != 0 else {
                continue
            }
            for peer in peers { self.tell(peer.observation, userID: owner.userID, process: nil) }
            searches[owner.inode] = SocketSearch(userID: owner.userID, seenAtTicks: last)
            byInode[owner.inode] = (peers, owner.userID)
        }
        guard !searches.isEmpty else { return }
        for (inode, process) in self.finder.processes(having: searches) {
            guard let (peers, userID) = byInode[inode] else { continue }
            for peer in peers {
                // It was found for the last of them; an earlier one may be older than the process.
                if peer.seenAtTicks != searches[inode]?.seenAtTicks,
                    self.finder.process(process.processID, seenAtTicks: peer.seenAtTicks) == nil
                {
                    continue
                }
                self.tell(peer.observation, userID: userID, process: process)
            }
        }
    }

    private mutating func tell(_ observation: PeerObservation, userID: UInt32, process: FoundProcess?) {
        let user = self.names.name(of: userID)
        observation.update { caller in
            caller.userID = userID
            caller.user = user
            guard let process else { return }
            caller.processID = process.processID
            caller.process = process.name
            caller.unit = process.unit
        }
    }

    /// Whose sockets these are: asked of the kernel one by one; where it cannot be asked, its tables are read once.
    private mutating func owners(of wanted: Set<SocketEnds>) -> [SocketEnds: SocketOwner] {
        var owners: [SocketEnds: SocketOwner] = [:]
        var unanswered: [SocketEnds] = []
        var absent: [SocketEnds] = []
        for ends in wanted {
            switch self.diagnosis?.ask(about: ends) {
            case .owner(let owner):
                owners[ends] = owner
            case .absent:
                absent.append(ends)
            case .refused, .unreadable, nil:
                self.diagnosis = nil
                unanswered.append(ends)
            }
        }
        if self.diagnosis?.isProven != true { unanswered += absent }
        guard !unanswered.isEmpty else { return owners }
        for path in SocketTable.paths {
            guard let text = OpenDirectory.beginning(ofFileAt: path, bytes: SocketTable.maximumBytes) else { continue }
            owners.merge(SocketTable.owners(in: text, of: Set(unanswered))) { first, _ in first }
        }
        return owners
    }
}
