/// What a key may be used for at a moment, in the words of the contract's section 7.
public enum KeyState: String, Sendable, CaseIterable {
    /// It takes part in the rotation.
    case usable
    /// The provider limits its rate for a while.
    case cooling
    /// A window of its plan is used up, until that window's reset.
    case exhausted
    /// Its account has no money or no plan.
    case billing
    /// The provider refused it once.
    case suspect
    /// The provider refused it again, on another request.
    case invalid
    /// A person took it out.
    case disabled
}
