public import ProxyCore

/// A change that has to be on disk before it is answered.
public enum StateChange: Sendable, Equatable {
    /// Changes a setting; `nil` returns it to the configuration file.
    case override(RuntimeChanges.Subject, RuntimeChanges.Override?)
    /// Makes ready for a key that is to be added: a secret that is about to be stored for it outside of the database, if any,
    /// is abandoned until the key is there. Refused as a conflict where there is a key of that label, which this cannot touch.
    case prepareKey(KeyLabel, secret: RuntimeChanges.SecretPlace?)
    /// Adds a key; a second one of the same label is refused as a conflict.
    case addKey(RuntimeChanges.AddedKey)
    /// Changes priority, weight, limits and whether it takes part of an added key. No error if there is none.
    case changeKey(RuntimeChanges.AddedKey)
    /// Removes an added key and the settings that were changed for it; its counts stay, and its secret is abandoned. No
    /// error if there is none.
    case removeKey(KeyLabel)
    /// Forgets an abandoned secret, which is no more or is somebody else's. No error if there is none.
    case forgetSecret(RuntimeChanges.AbandonedSecret)
    /// Adds a provider; a second one of the same name is refused as a conflict.
    case addProvider(RuntimeChanges.AddedProvider)
    /// Removes an added provider. No error if there is none.
    case removeProvider(ProviderName)
    /// Adds a client; a second one of the same name is refused as a conflict.
    case addClient(RuntimeChanges.CreatedClient)
    /// Removes a client that was made; its counts stay. No error if there is none.
    case removeClient(ClientName)
    /// Replaces what is remembered of the pool.
    case memory(DispatchMemory)
    /// Forgets the errors of these keys that were counted before.
    case forgetErrors([KeyLabel])
    /// Keeps an event for the audit: with the change that it tells of, or not at all.
    case audit(AuditEvent)
}
