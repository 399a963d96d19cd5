/// The configuration as the contract writes it, with every key and its default.
enum ContractText {
    static let toml = ##"""
        [server]
        listen        = ["127.0.0.1:7878"]     # also "[::1]:7878", "unix:/path", "http://…" (plain, loopback only), "https://…"; without a
                                               # scheme TLS if a certificate is set; sockets passed by systemd are used first
        socket        = "auto"                 # "auto" = proxy.sock in the runtime directory, "off", or a path
        admin_listen  = "127.0.0.1:7879"       # /metrics, /healthz, /readyz; "off"
        allowed_hosts   = ["localhost", "127.0.0.1", "[::1]"]   # Host header guard (DNS rebinding)
        allowed_origins = []                   # CORS; exact origins only, "*" is refused
        base_path     = "/kmi-rotor/v1"        # compatibility mount of KMI Manager; "" turns it off
        dry_run       = false

        [server.tls]                           # needed for any non-loopback listener
        certificate = ""                       # path or "credential:NAME"; reloaded on change
        private_key = ""
        client_ca   = ""
        client_auth = "off"                    # off | optional | required
        client_subjects = []                   # allow-list; empty = any that chains to client_ca

        [server.timeouts]
        header = "10s"
        body   = "60s"
        idle   = "75s"
        drain  = "30s"

        [server.limits]
        connections   = 4096
        header_bytes  = "64KiB"
        request_body  = "32MiB"
        body_memory   = "4MiB"                 # what is longer is spooled to an unlinked 0600 file in the state directory
        response_body = "256MiB"               # non-streamed responses

        [auth]
        require_token    = true                # TCP listeners, loopback included
        same_user_socket = true                # on the Unix socket a peer with the daemon's own uid needs no token
        trusted_proxies  = []                  # CIDRs whose Forwarded / X-Forwarded-For is believed
        hmac             = "off"               # off | required: signed requests (section 5)

        [[client]]                             # static client tokens; others are made with `kmictl clients create`
        name   = "ci"
        token  = "file:/etc/kmi/ci.token"      # a secret reference, never the value itself
        models = []                            # empty = all
        rps = 0
        rpm = 0
        in_flight = 0
        expires = ""                           # RFC 3339
        scopes   = ["inference"]               # also "metrics", "priority:high"
        projects = []
        routes   = []
        tpm      = 0

        [rotation]
        mode     = "round-robin"               # sticky | round-robin | most-remaining | least-in-flight | weighted
        affinity = true                        # keep a conversation on its key while that key is usable
        include_warn = true                    # whether keys with little quota left take part while others have more

        [retry]
        max_attempts = 4                       # over all keys and providers of one client request
        deadline     = "30s"                   # no new attempt starts later than this
        base         = "250ms"                 # full jitter, doubling
        cap          = "8s"
        budget       = 0.2                     # retries may be at most this share of the requests of the last 60 s (plus 10)

        [breaker]                              # per provider
        failures = 5
        window   = "30s"
        open     = "10s"                       # doubles up to 5m while probes fail; one probe at a time

        [cooldown]                             # per key, or per key and model where the answer says so
        rate_limited = ["2s", "5s", "15s", "60s", "5m"]   # without a hint from the provider; one step per window, not per request
        billing      = "1h"
        auth         = ["30s", "2m", "10m", "1h", "6h"]   # suspect -> invalid; probed, never for ever
        forbidden    = "5m"

        [upstream]
        connect_timeout    = "10s"
        first_byte_timeout = "10m"
        idle_timeout       = "5m"
        total_timeout      = 0
        max_connections      = 512             # not below limits.in_flight: each running request holds one
        max_idle_connections = 64
        allow_hosts = []                       # exact or "*.suffix"; empty = the hosts of the configured providers
        ca_file = ""
        proxy   = ""                           # http://, https://, socks5h://; empty = environment is NOT used
        forward_headers = []                   # added to the built-in allow-list

        [[provider]]
        name     = "kimi"
        kind     = "kimi"                      # kimi | moonshot | openai | anthropic | deepseek | openrouter | gemini | local | compatible
        base_url = "https://api.kimi.com/coding/v1"   # https; http and unix: ("unix:/path.sock" or "unix:/path.sock:/v1") for local servers only
        anthropic_base_url = ""                # where the Anthropic dialect has another base; the known kinds fill it in
        default  = true
        pins     = []                          # "sha256//BASE64" SPKI pins; a backup pin is asked for
        usage_refresh = "10m"
        usage_timeout = "10s"
        repeat_possibly_billed = true          # whether an attempt that failed after it was fully sent is repeated
        # [[provider.rule]]                    # own classification rules, before the built-in ones

        [[key]]
        label    = "alpha"
        provider = "kimi"
        secret   = "file:alpha.key"            # file:PATH | credential:NAME | env:NAME | secret-service:ATTR=VALUE[,…] | store:ID
        priority = 0                           # higher first
        weight   = 1
        enabled  = true
        models   = []
        headers  = {}                          # sent with this key only, e.g. OpenAI-Organization
        rps = 0
        rpm = 0
        tpm = 0
        in_flight = 0

        [[model]]                              # an alias; without one a model goes to the provider that lists it, else the default
        name    = "k2"
        targets = [ { provider = "kimi", model = "kimi-for-coding", priority = 0, weight = 1 } ]

        [limits]                               # global; per client, key and address below
        rps = 0
        rpm = 0
        in_flight = 512
        queue = 256
        queue_timeout = "30s"
        tpm = 0
        high_reserved = 0.1
        high_max = 0.5
        low_max = 0.5
        adaptive = true
        memory_pressure = 40
        [limits.address]
        rps = 0
        rpm = 0
        tpm = 0
        in_flight = 0
        [limits.client]
        rps = 0
        rpm = 0
        tpm = 0
        in_flight = 0

        [trace]
        keep = "30d"
        max_bytes = "256MiB"
        capture_bodies = false
        audit_keep = "365d"

        [usage]
        ask = true                             # ask for usage in streams whose caller does not
        keep = "730d"                          # hourly sums of tokens and money
        keepalive = 0                          # comment or ping to the caller after so long without an event

        [prices]
        file = ""                              # empty = the embedded table
        # [prices.override."MODEL"] input_cost_per_token = …

        [storage]
        backup = "1d"
        backups_kept = 7

        [control]
        bus = "session"                        # session | system | none | an address
        watch = true

        [notifications]
        desktop = true
        error_rate = 0.5

        [log]
        level  = "info"
        format = "auto"                        # auto = journal when started by systemd, text on a terminal, json otherwise
        """##
}
