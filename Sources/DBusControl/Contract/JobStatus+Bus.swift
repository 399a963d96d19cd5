import DBusKit

extension JobStatus {
    /// The names in the dictionary of a job.
    public enum Field: String, Sendable, CaseIterable {
        /// ``JobStatus/name``.
        case name = "name"
        /// ``JobStatus/isRunning``.
        case isRunning = "running"
        /// ``JobStatus/lastStart``.
        case lastStart = "last_start"
        /// ``JobStatus/lastSuccess``.
        case lastSuccess = "last_success"
        /// ``JobStatus/lastError``.
        case lastError = "last_error"
        /// ``JobStatus/consecutiveFailures``.
        case consecutiveFailures = "consecutive_failures"
        /// ``JobStatus/failures``.
        case failures = "failures"
        /// ``JobStatus/overruns``.
        case overruns = "overruns"
        /// ``JobStatus/skipped``.
        case skipped = "skipped"
        /// ``JobStatus/nextRun``.
        case nextRun = "next_run"
    }

    /// The jobs as the property carries them, `aa{sv}`.
    static func busValue(of jobs: [JobStatus]) -> BusValue {
        .array(of: "a{sv}", jobs.map(\.busValue))
    }

    /// Reads the jobs; what is missing keeps its default.
    ///
    /// Fails with `invalidArgument` if something is not of the contract's type.
    static func jobs(busValue: BusValue) throws(ControlFault) -> [JobStatus] {
        try busValue.rows(ManagerInterface.Property.jobs.rawValue) { (fields) throws(ControlFault) in
            let reader = FieldReader<Field>(fields)
            var job = JobStatus()
            try reader.read(.name, into: &job.name, \.asString)
            try reader.read(.isRunning, into: &job.isRunning, \.asBoolean)
            try reader.read(.lastStart, into: &job.lastStart, \.asUInt64)
            try reader.read(.lastSuccess, into: &job.lastSuccess, \.asUInt64)
            try reader.read(.lastError, into: &job.lastError, \.asString)
            try reader.read(.consecutiveFailures, into: &job.consecutiveFailures, \.asUInt64)
            try reader.read(.failures, into: &job.failures, \.asUInt64)
            try reader.read(.overruns, into: &job.overruns, \.asUInt64)
            try reader.read(.skipped, into: &job.skipped, \.asUInt64)
            try reader.read(.nextRun, into: &job.nextRun, \.asUInt64)
            return job
        }
    }

    private var busValue: BusValue {
        var fields: [String: BusValue] = [:]
        for field in Field.allCases { fields[field.rawValue] = self.value(of: field) }
        return .variants(fields)
    }

    private func value(of field: Field) -> BusValue {
        switch field {
        case .name: .text(self.name)
        case .isRunning: .boolean(self.isRunning)
        case .lastStart: .uint64(self.lastStart)
        case .lastSuccess: .uint64(self.lastSuccess)
        case .lastError: .text(self.lastError)
        case .consecutiveFailures: .uint64(self.consecutiveFailures)
        case .failures: .uint64(self.failures)
        case .overruns: .uint64(self.overruns)
        case .skipped: .uint64(self.skipped)
        case .nextRun: .uint64(self.nextRun)
        }
    }
}
