extension Migration {
    /// Schema 3: what requests used and cost, who sent them, their bodies, and the sums that remain when rows are gone.
    static let accounts = Migration(
        number: 3,
        name: "tokens and costs of attempts, observed callers, bodies, hourly spending, and indexes of requests",
        statements: Self.usageColumns + Self.callerColumns + Self.accountTables + Self.requestIndexes
    )

    // An attempt without a quality told of no usage, one without a pricing has no cost. Counts are NULL where nothing is
    // known: a zero is always one that somebody counted.
    private static let usageColumns = [
        "ALTER TABLE attempts ADD COLUMN model TEXT",
        "ALTER TABLE attempts ADD COLUMN input INTEGER",
        "ALTER TABLE attempts ADD COLUMN input_audio INTEGER",
        "ALTER TABLE attempts ADD COLUMN input_image INTEGER",
        "ALTER TABLE attempts ADD COLUMN cache_read INTEGER",
        "ALTER TABLE attempts ADD COLUMN cache_write_5m INTEGER",
        "ALTER TABLE attempts ADD COLUMN cache_write_1h INTEGER",
        "ALTER TABLE attempts ADD COLUMN output INTEGER",
        "ALTER TABLE attempts ADD COLUMN reasoning INTEGER",
        "ALTER TABLE attempts ADD COLUMN output_audio INTEGER",
        "ALTER TABLE attempts ADD COLUMN quality TEXT",
        "ALTER TABLE attempts ADD COLUMN is_inconsistent INTEGER NOT NULL DEFAULT 0 CHECK (is_inconsistent IN (0, 1))",
        "ALTER TABLE attempts ADD COLUMN answering_model TEXT",
        "ALTER TABLE attempts ADD COLUMN service_tier TEXT",
        "ALTER TABLE attempts ADD COLUMN reported_pico_dollars INTEGER",
        "ALTER TABLE attempts ADD COLUMN pricing TEXT",
        "ALTER TABLE attempts ADD COLUMN pico_dollars INTEGER",
        "ALTER TABLE attempts ADD COLUMN price_version TEXT",
    ]

    private static let callerColumns = [
        "ALTER TABLE requests ADD COLUMN caller_uid INTEGER",
        "ALTER TABLE requests ADD COLUMN caller_user TEXT",
        "ALTER TABLE requests ADD COLUMN caller_pid INTEGER",
        "ALTER TABLE requests ADD COLUMN caller_process TEXT",
        "ALTER TABLE requests ADD COLUMN caller_unit TEXT",
    ]

    private static let accountTables = [
        """
        CREATE TABLE bodies (
            request INTEGER PRIMARY KEY REFERENCES requests (number) ON DELETE CASCADE,
            request_body BLOB NOT NULL,
            answer_body BLOB NOT NULL,
            is_request_cut INTEGER NOT NULL CHECK (is_request_cut IN (0, 1)),
            is_answer_cut INTEGER NOT NULL CHECK (is_answer_cut IN (0, 1))
        ) STRICT
        """,
        // An empty text stands for none; no model and no client has an empty name.
        """
        CREATE TABLE spending (
            hour INTEGER NOT NULL,
            key TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            client TEXT NOT NULL,
            project TEXT NOT NULL,
            process TEXT NOT NULL,
            requests INTEGER NOT NULL CHECK (requests >= 0),
            input INTEGER NOT NULL CHECK (input >= 0),
            input_audio INTEGER NOT NULL CHECK (input_audio >= 0),
            input_image INTEGER NOT NULL CHECK (input_image >= 0),
            cache_read INTEGER NOT NULL CHECK (cache_read >= 0),
            cache_write_5m INTEGER NOT NULL CHECK (cache_write_5m >= 0),
            cache_write_1h INTEGER NOT NULL CHECK (cache_write_1h >= 0),
            output INTEGER NOT NULL CHECK (output >= 0),
            reasoning INTEGER NOT NULL CHECK (reasoning >= 0),
            output_audio INTEGER NOT NULL CHECK (output_audio >= 0),
            pico_dollars INTEGER NOT NULL CHECK (pico_dollars >= 0),
            unpriced INTEGER NOT NULL CHECK (unpriced >= 0),
            uncertain INTEGER NOT NULL CHECK (uncertain >= 0),
            PRIMARY KEY (hour, key, provider, model, client, project, process)
        ) STRICT, WITHOUT ROWID
        """,
    ]

    // What most rows have is in no index: a status of 200, no error, no client. Each index ends with the number of the
    // request, so that a page is read from it in its order.
    private static let requestIndexes = [
        "CREATE INDEX requests_by_status ON requests (status) WHERE status <> 200",
        "CREATE INDEX requests_by_error_class ON requests (error_class) WHERE error_class IS NOT NULL",
        "CREATE INDEX requests_by_client ON requests (client) WHERE client IS NOT NULL",
        "CREATE INDEX requests_by_provider ON requests (provider) WHERE provider IS NOT NULL",
        "CREATE INDEX attempts_by_key ON attempts (key, request)",
    ]
}
