extension Migration {
    /// Schema 1.
    ///
    /// Words of a closed set (states, classes, outcomes) are not constrained here: a row with a word that this version
    /// does not know is passed over when it is read, it does not stop the start (K-037). Lists of models and scopes are
    /// separated by spaces, which none of their names contains.
    static let firstSchema = Migration(
        number: 1,
        name: "requests, counts, key memory and run-time changes",
        statements: Self.requestTables + Self.countTables + Self.memoryTables + Self.changeTables + Self.installation
    )

    // AUTOINCREMENT, because a cursor names a number: it may not come again after the newest rows were pruned.
    private static let requestTables = [
        """
        CREATE TABLE requests (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            received_at INTEGER NOT NULL,
            client TEXT,
            project TEXT,
            dialect TEXT NOT NULL,
            model TEXT,
            provider TEXT,
            key TEXT,
            status INTEGER NOT NULL,
            error_class TEXT,
            is_stream INTEGER NOT NULL CHECK (is_stream IN (0, 1)),
            outcome TEXT NOT NULL,
            duration_ns INTEGER NOT NULL,
            first_byte_ns INTEGER
        ) STRICT
        """,
        "CREATE INDEX requests_by_id ON requests (id)",
        "CREATE INDEX requests_by_time ON requests (received_at)",
        """
        CREATE TABLE attempts (
            request INTEGER NOT NULL REFERENCES requests (number) ON DELETE CASCADE,
            position INTEGER NOT NULL CHECK (position >= 0),
            key TEXT NOT NULL,
            provider TEXT NOT NULL,
            error_class TEXT,
            status INTEGER,
            duration_ns INTEGER NOT NULL,
            PRIMARY KEY (request, position)
        ) STRICT, WITHOUT ROWID
        """,
    ]

    private static let countTables = [
        """
        CREATE TABLE key_counts (
            label TEXT NOT NULL,
            provider TEXT NOT NULL,
            outcome TEXT NOT NULL,
            count INTEGER NOT NULL CHECK (count >= 0),
            PRIMARY KEY (label, provider, outcome)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE key_errors (
            label TEXT NOT NULL,
            provider TEXT NOT NULL,
            class TEXT NOT NULL,
            count INTEGER NOT NULL CHECK (count >= 0),
            PRIMARY KEY (label, provider, class)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE key_use (
            label TEXT NOT NULL,
            provider TEXT NOT NULL,
            last_used_at INTEGER NOT NULL,
            PRIMARY KEY (label, provider)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE client_counts (
            name TEXT NOT NULL PRIMARY KEY,
            requests INTEGER NOT NULL CHECK (requests >= 0),
            last_seen_at INTEGER
        ) STRICT, WITHOUT ROWID
        """,
    ]

    private static let memoryTables = [
        // An empty model stands for the whole key; no model has an empty name.
        """
        CREATE TABLE key_conditions (
            label TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            state TEXT NOT NULL,
            reason TEXT NOT NULL,
            until INTEGER NOT NULL,
            step INTEGER NOT NULL,
            PRIMARY KEY (label, provider, model)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE turns (
            provider TEXT NOT NULL PRIMARY KEY,
            last TEXT,
            next TEXT
        ) STRICT, WITHOUT ROWID
        """,
    ]

    private static let changeTables = [
        """
        CREATE TABLE overrides (
            subject TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL,
            file_value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE added_keys (
            number INTEGER PRIMARY KEY,
            label TEXT NOT NULL UNIQUE,
            provider TEXT NOT NULL,
            priority INTEGER NOT NULL,
            weight INTEGER NOT NULL,
            enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
            models TEXT NOT NULL,
            added_at INTEGER NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE created_clients (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            token_digest BLOB NOT NULL CHECK (length(token_digest) = 32),
            scopes TEXT NOT NULL,
            models TEXT NOT NULL,
            expires_at INTEGER,
            created_at INTEGER NOT NULL
        ) STRICT
        """,
    ]

    private static let installation = [
        """
        CREATE TABLE installation (
            number INTEGER PRIMARY KEY CHECK (number = 1),
            key BLOB NOT NULL CHECK (length(key) = 32),
            mark BLOB NOT NULL CHECK (length(mark) = 8),
            made_at INTEGER NOT NULL
        ) STRICT
        """
    ]
}
