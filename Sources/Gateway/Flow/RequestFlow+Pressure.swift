import ProxyCore

extension RequestFlow {
    /// New work is refused while memory is short; what runs already goes on (L-009).
    func checkMemory() throws(ProxyFault) {
        if let fault = self.gateway.pressure.refusal(at: self.gateway.time.now()) { throw fault }
    }
}
