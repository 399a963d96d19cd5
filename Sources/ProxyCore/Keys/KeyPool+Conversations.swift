extension KeyPool {
    /// Whether a conversation was served by a key of the provider before, as far as that is remembered.
    ///
    /// Nothing changes.
    func remembers(_ conversation: Conversation, at provider: ProviderName) -> Bool {
        guard self.policy.affinity, conversation.isLookedUp else { return false }
        return self.sessions.key(of: SessionTable.Session(provider: provider, name: conversation.id)) != nil
    }

    /// Notes that a conversation belongs to a key from now on.
    mutating func remember(_ conversation: Conversation, on grant: KeyGrant, at provider: ProviderName) {
        guard self.policy.affinity else { return }
        self.sessions.remember(SessionTable.Session(provider: provider, name: conversation.id), on: grant.label)
    }
}
