import ProxyCore

/// What a person sees of a daemon: how its keys and providers stand, with times counted from the present.
struct FleetPicture: Equatable {
    struct Key: Equatable {
        var label: KeyLabel
        var state: KeyState
        var reason: ErrorClass?
        /// In microseconds, rounded up.
        var usableIn: Int64?
        var models: [String]
        var windows: [UsageWindow]
        var isOnTrial: Bool
        var isCheckDue: Bool
    }

    struct Provider: Equatable {
        var breaker: Breaker.State
        /// In microseconds, rounded up.
        var opensIn: Int64?
    }

    var keys: [Key]
    var providers: [Provider]

    init(of dispatcher: Dispatcher, in world: FleetWorld, at now: Instant) {
        func distance(_ instant: Instant?) -> Int64? {
            instant.map { (($0 - now).nanoseconds + 999) / 1000 }
        }
        self.keys = dispatcher.pool.snapshots(at: now).map { key in
            Key(
                label: key.label, state: key.state, reason: key.reason, usableIn: distance(key.usableAt),
                models: key.modelStates.map { "\($0.model) \($0.state) \(distance($0.usableAt) ?? 0)" },
                windows: key.windows, isOnTrial: key.isOnTrial, isCheckDue: key.isCheckDue)
        }
        self.providers = world.providers.map { provider in
            let standing = dispatcher.standing(of: provider.name, at: now)
            // That a probe runs is not seen afterwards: it ended with the process.
            return Provider(
                breaker: standing.breaker, opensIn: standing.breaker == .open ? distance(standing.retryAt) : nil)
        }
    }

    /// Where two pictures differ.
    func differences(from other: FleetPicture) -> [String] {
        zip(self.keys, other.keys).filter { $0 != $1 }.map { "\($0) became \($1)" }
            + zip(self.providers, other.providers).filter { $0 != $1 }.map { "\($0) became \($1)" }
    }
}

/// A number that stands for everything that was decided, in its order (FNV-1a).
struct FleetDigest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var count = 0

    mutating func note(_ kind: UInt64, _ values: Int64...) {
        self.count += 1
        self.value = (self.value ^ kind) &* 0x100_0000_01B3
        for value in values { self.value = (self.value ^ UInt64(bitPattern: value)) &* 0x100_0000_01B3 }
    }
}
