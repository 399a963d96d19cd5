import ProxyCore

extension ConfigurationSchema {
    static let routing: [Setting<Configuration>] = [
        Setting(
            "rotation.mode", \.rotation.mode, Form.choice(RotationMode.self), default: #""round-robin""#, .live,
            "How a key is chosen among the usable ones."),
        Setting(
            "rotation.affinity", \.rotation.affinity, Form.boolean, default: "true", .live,
            "Keeps a conversation on its key while that key is usable."),
        Setting(
            "rotation.include_warn", \.rotation.includeWarn, Form.boolean, default: "true", .live,
            "Whether keys with little quota left take part while others have more."),
        Setting(
            "retry.max_attempts", \.retry.maxAttempts, Form.integer(1...100), default: "4", .live,
            "Attempts over all keys and providers of one request."),
        Setting(
            "retry.deadline", \.retry.deadline, Form.durationOrZero(), default: #""30s""#, .live,
            "No new attempt starts later than this."),
        Setting(
            "retry.base", \.retry.base, Form.duration(), default: #""250ms""#, .live,
            "The first step of the back-off, which doubles and is jittered in full."),
        Setting(
            "retry.cap", \.retry.cap, Form.duration(), default: #""8s""#, .live, "The longest step of the back-off."),
        Setting(
            "retry.budget", \.retry.budget, Form.number(0...1), default: "0.2", .live,
            "The share of the requests of the last 60 s that may be retries; ten are always free."),
        Setting(
            "breaker.failures", \.breaker.failures, Form.integer(1...1_000_000), default: "5", .live,
            "The failures within the window that open a provider's breaker."),
        Setting(
            "breaker.window", \.breaker.window, Form.duration(), default: #""30s""#, .live,
            "The time over which failures count."),
        Setting(
            "breaker.open", \.breaker.open, Form.duration(), default: #""10s""#, .live,
            "How long the breaker stays open at first; it doubles up to 5m while probes fail."),
        Setting(
            "cooldown.rate_limited", \.cooldown.rateLimited, Form.duration().list(atLeast: 1),
            default: #"["2s", "5s", "15s", "60s", "5m"]"#, .live,
            "How long a key rests after a rate limit without a hint from the provider, step by step."),
        Setting(
            "cooldown.billing", \.cooldown.billing, Form.duration(), default: #""1h""#, .live,
            "How long a key rests when its account lacks money."),
        Setting(
            "cooldown.auth", \.cooldown.auth, Form.duration().list(atLeast: 1),
            default: #"["30s", "2m", "10m", "1h", "6h"]"#, .live,
            "How long a key rests after the provider did not accept it, step by step."),
        Setting(
            "cooldown.forbidden", \.cooldown.forbidden, Form.duration(), default: #""5m""#, .live,
            "How long a key rests for a model that it may not use."),
    ]

    static let upstream: [Setting<Configuration>] = [
        Setting(
            "upstream.connect_timeout", \.upstream.connectTimeout, Form.durationOrZero(), default: #""10s""#, .restart,
            "Until a connection stands, TLS included."),
        Setting(
            "upstream.first_byte_timeout", \.upstream.firstByteTimeout, Form.durationOrZero(), default: #""10m""#,
            .live,
            "Until the first byte of an answer's body, or the first event of a stream."),
        Setting(
            "upstream.idle_timeout", \.upstream.idleTimeout, Form.durationOrZero(), default: #""5m""#, .live,
            "The longest silence within an answer."),
        Setting(
            "upstream.total_timeout", \.upstream.totalTimeout, Form.durationOrZero(), default: "0", .live,
            "For one attempt as a whole."),
        Setting(
            "upstream.max_connections", \.upstream.maxConnections, Form.integer(1...1_000_000), default: "512",
            .restart,
            "Connections to providers at once; not below `limits.in_flight`."),
        Setting(
            "upstream.max_idle_connections", \.upstream.maxIdleConnections, Form.integer(1...1_000_000), default: "64",
            .restart, "Connections kept for later requests; not above `max_connections`."),
        Setting(
            "upstream.allow_hosts", \.upstream.allowHosts, Form.hostPattern.list(), default: "[]", .live,
            "The hosts that providers may have; empty is those of the configured providers."),
        Setting(
            "upstream.ca_file", \.upstream.caFile, Form.text("a path").orEmpty("those of the system"), default: #""""#,
            .restart, "The trusted authorities in PEM."),
        Setting(
            "upstream.proxy", \.upstream.proxy, Form.proxy.orEmpty("none"), default: #""""#, .restart,
            "The proxy to go through; the environment is not asked."),
        Setting(
            "upstream.forward_headers", \.upstream.forwardHeaders, Form.forwardedField.list(), default: "[]", .live,
            "Request fields that are forwarded beside the built-in ones."),
    ]

    static let limits: [Setting<Configuration>] = [
        Setting("limits.rps", \.limits.rps, Form.limit, default: "0", .live, "Requests per second over all callers."),
        Setting("limits.rpm", \.limits.rpm, Form.limit, default: "0", .live, "Requests per minute over all callers."),
        Setting("limits.tpm", \.limits.tpm, Form.limit, default: "0", .live, "Tokens per minute over all callers."),
        Setting("limits.in_flight", \.limits.inFlight, Form.limit, default: "512", .live, "Requests at once."),
        Setting(
            "limits.queue", \.limits.queue, Form.integer(0...1_000_000), default: "256", .live,
            "Requests that wait for a place; 0 lets none wait."),
        Setting(
            "limits.queue_timeout", \.limits.queueTimeout, Form.durationOrZero(), default: #""30s""#, .live,
            "How long one waits at most."),
        Setting(
            "limits.high_reserved", \.limits.highReserved, Form.number(0...1), default: "0.1", .live,
            "The share of the places that is kept for `X-KMI-Priority: high`, as long as a client has the scope for it."
        ),
        Setting(
            "limits.high_max", \.limits.highMaximum, Form.number(0...1), default: "0.5", .live,
            "The share of the places that requests of high priority may take together; at least one place."),
        Setting(
            "limits.low_max", \.limits.lowMaximum, Form.number(0...1), default: "0.5", .live,
            "The share of the places that requests of low priority may take together; at least one place."),
        Setting(
            "limits.adaptive", \.limits.adaptive, Form.boolean, default: "true", .live,
            "Lets fewer requests in at once while providers answer slower or refuse for load."),
        Setting(
            "limits.memory_pressure", \.limits.memoryPressure, Form.number(0...100).noLimitAtZero(), default: "40",
            .live,
            "The share of time that tasks are stalled for lack of memory (`some avg10` of the kernel), in percent, from which new requests are refused."
        ),
        Setting(
            "limits.address.rps", \.limits.address.rps, Form.limit, default: "0", .live,
            "Requests per second of one address."),
        Setting(
            "limits.address.rpm", \.limits.address.rpm, Form.limit, default: "0", .live,
            "Requests per minute of one address."),
        Setting(
            "limits.address.tpm", \.limits.address.tpm, Form.limit, default: "0", .live,
            "Tokens per minute of one address."),
        Setting(
            "limits.address.in_flight", \.limits.address.inFlight, Form.limit, default: "0", .live,
            "Requests at once of one address."),
        Setting(
            "limits.client.rps", \.limits.client.rps, Form.limit, default: "0", .live,
            "Requests per second of one client that has no limit of its own."),
        Setting(
            "limits.client.rpm", \.limits.client.rpm, Form.limit, default: "0", .live,
            "Requests per minute of one client that has no limit of its own."),
        Setting(
            "limits.client.tpm", \.limits.client.tpm, Form.limit, default: "0", .live,
            "Tokens per minute of one client that has no limit of its own."),
        Setting(
            "limits.client.in_flight", \.limits.client.inFlight, Form.limit, default: "0", .live,
            "Requests at once of one client that has no limit of its own."),
    ]

    static let operations: [Setting<Configuration>] = [
        Setting(
            "trace.keep", \.trace.keep, Form.durationOrZero(), default: #""30d""#, .live,
            "How long requests are kept."),
        Setting(
            "trace.max_bytes", \.trace.maxBytes, Form.sizeLimit, default: #""256MiB""#, .live,
            "How much room they may take: the size of the database, at least 1 MiB."),
        Setting(
            "trace.capture_bodies", \.trace.captureBodies, Form.boolean, default: "false", .live,
            "Whether bodies are kept as well."),
        Setting(
            "trace.audit_keep", \.trace.auditKeep, Form.durationOrZero(), default: #""365d""#, .live,
            "How long audit events are kept."),
        Setting(
            "usage.ask", \.usage.ask, Form.boolean, default: "true", .live,
            "Asks for usage in streams whose caller does not."),
        Setting(
            "usage.keepalive", \.usage.keepalive, Form.durationOrZero("never", from: .milliseconds(100)), default: "0",
            .live,
            "Sends the caller a comment or ping after so long without an event."),
        Setting(
            "usage.keep", \.usage.keep, Form.durationOrZero(), default: #""730d""#, .live,
            "How long the hourly sums of tokens and money are kept."),
        Setting(
            "prices.file", \.prices.file, Form.text("a path").orEmpty("the embedded table"), default: #""""#, .live,
            "The price table, unless one was imported; a relative path starts at this file."),
        Setting(
            "storage.backup", \.storage.backup, Form.durationOrZero("never"), default: #""1d""#, .restart,
            "How often a backup of the state is made."),
        Setting(
            "storage.backups_kept", \.storage.backupsKept, Form.limit, default: "7", .restart,
            "How many backups are kept."),
        Setting(
            "control.bus", \.control.bus, Form.bus, default: #""session""#, .restart,
            "The bus that the daemon is steered over; `--bus` wins."),
        Setting(
            "control.watch", \.control.watch, Form.boolean, default: "true", .live,
            "Whether the files are read again by themselves when they change."),
        Setting(
            "notifications.desktop", \.notifications.desktop, Form.boolean, default: "true", .live,
            "Whether the desktop shows what needs a person."),
        Setting(
            "notifications.error_rate", \.notifications.errorRate, Form.number(0...1).noLimitAtZero(), default: "0.5",
            .live,
            "The share of the requests of the last 5 minutes, but at least 10 of them, that fail through no fault of their callers, "
                + "from which a warning is raised."),
        Setting(
            "log.level", \.log.level, Form.choice(Configuration.Log.Level.self), default: #""info""#, .live,
            "The least urgent messages that are written."
        ),
        Setting(
            "log.format", \.log.format, Form.choice(Configuration.Log.Format.self), default: #""auto""#, .restart,
            "`auto` is the journal when standard error is connected to it, as systemd does, text on a terminal, JSON otherwise. "
                + "`journal` sends entries to the journal wherever standard error leads."),
    ]
}
