/// The background jobs, by their names in metrics, in the log and on the bus.
public enum JobName: String, Sendable, Hashable, CaseIterable {
    /// Copies the database now and then.
    case backup
    /// Reads the configuration again after its files have changed.
    case configWatch = "config_watch"
    /// Looks how short memory is while requests run.
    case memory
    /// Deletes what is too old or too much.
    case retention
    /// Asks the Secret Service for what it did not hand out, and to remove what is to go.
    case secrets
    /// Asks providers about keys.
    case usage
}
