import ProxyCore

/// The listeners: none twice, none open to others without TLS and tokens, and TLS that can work.
extension ConfigurationValidator {
    mutating func checkListeners() {
        let server = self.reader.configuration.server
        let listen = self.origin(of: "server.listen")
        let admin = self.origin(of: "server.admin_listen")
        var places: [(ListenSpecification, ConfigurationOrigin)] = server.listen.map { ($0, listen) }
        if let specification = server.adminListen { places.append((specification, admin)) }
        if case .path(let path) = server.socket {
            places.append((ListenSpecification(address: .unix(path: path)), self.origin(of: "server.socket")))
        }
        var taken: [ListenSpecification.Address: ConfigurationOrigin] = [:]
        for (specification, origin) in places {
            if case .tcp(_, 0) = specification.address {
                // The kernel chooses: never a conflict.
            } else if let earlier = taken[specification.address] {
                // Of a written value and a default the written one is to be changed.
                let (place, other) = origin.source == "default" ? (earlier, origin) : (origin, earlier)
                let user = place == other ? "the same key" : other.key
                self.reader.report("\"\(specification)\" is already listened on by \(user)", at: place)
            } else {
                taken[specification.address] = origin
            }
        }
        for specification in server.listen { self.checkReach(specification, listen, needsTokens: true) }
        // Off loopback the administration asks for a token whatever is set (contract section 6).
        if let specification = server.adminListen { self.checkReach(specification, admin, needsTokens: false) }
        if server.listen.isEmpty, server.socket == .off {
            self.reader.report("nothing would be listened on: set server.listen or server.socket", at: listen)
        }
        self.checkCertificates(server)
    }

    /// Nobody from elsewhere comes in unencrypted, or to the data plane without a token (K-004).
    private mutating func checkReach(
        _ specification: ListenSpecification, _ origin: ConfigurationOrigin, needsTokens: Bool
    ) {
        let configuration = self.reader.configuration
        let hasCertificate = configuration.server.tls.certificate != nil
        guard !specification.isLocal else {
            if specification.scheme == .tls, !hasCertificate {
                self.reader.report(
                    "\"\(specification)\" needs server.tls.certificate and server.tls.private_key", at: origin)
            }
            return
        }
        var missing: [String] = []
        if specification.scheme == .plain { missing.append("https:// instead of http://") }
        if !hasCertificate { missing += ["server.tls.certificate", "server.tls.private_key"] }
        if needsTokens, !configuration.auth.requireToken { missing.append("auth.require_token = true") }
        guard !missing.isEmpty else { return }
        let list =
            missing.count > 1
            ? missing.dropLast().joined(separator: ", ") + " and " + (missing.last ?? "") : missing.joined()
        self.reader.report(
            "\"\(specification)\" is reachable from other machines, which needs \(list); else listen on loopback or a "
                + "Unix socket", at: origin)
    }

    /// Settings that promise more than they could keep, or that nothing comes of (L-006).
    private mutating func checkCertificates(_ server: Configuration.Server) {
        let tls = server.tls
        switch (tls.certificate, tls.privateKey) {
        case (.some, nil):
            self.reader.report("needs server.tls.private_key", at: self.origin(of: "server.tls.certificate"))
        case (nil, .some):
            self.reader.report("needs server.tls.certificate", at: self.origin(of: "server.tls.private_key"))
        default:
            break
        }
        if tls.clientAuth != .off {
            let origin = self.origin(of: "server.tls.client_auth")
            if tls.certificate == nil {
                self.reader.report(
                    "\"\(tls.clientAuth.rawValue)\" needs server.tls.certificate: without TLS nobody shows a certificate",
                    at: origin)
            }
            if tls.clientCA == nil {
                self.reader.report(
                    "\"\(tls.clientAuth.rawValue)\" needs server.tls.client_ca, the authorities that callers' "
                        + "certificates must chain to", at: origin)
            }
        } else {
            if !tls.clientSubjects.isEmpty {
                self.reader.report(
                    "lets nobody in or out while server.tls.client_auth is \"off\": set it to \"required\" or \"optional\"",
                    at: self.origin(of: "server.tls.client_subjects"))
            }
            if tls.clientCA != nil {
                self.reader.warn(
                    "is not used while server.tls.client_auth is \"off\"", at: self.origin(of: "server.tls.client_ca"))
            }
        }
        let places = server.listen + [server.adminListen].compactMap(\.self)
        if tls.certificate != nil, !places.contains(where: { $0.isEncrypted(hasCertificate: true) }) {
            self.reader.warn(
                "is not used: no listener speaks TLS, those on Unix sockets and with http:// being plain",
                at: self.origin(of: "server.tls.certificate"))
        }
    }
}

extension ListenSpecification {
    /// Whether callers speak TLS there, where a certificate is set or not.
    func isEncrypted(hasCertificate: Bool) -> Bool {
        guard case .tcp = self.address else { return false }
        switch self.scheme {
        case .plain: return false
        case .tls: return true
        case .automatic: return hasCertificate
        }
    }
}
