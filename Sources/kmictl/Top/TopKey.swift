/// A key that a person presses at a terminal.
enum TopKey: Equatable, Sendable {
    case character(Character)
    /// Together with Ctrl; the letter is a lower-case one.
    case control(Character)
    case enter, escape, tab, backTab, backspace, delete
    case up, down, left, right, pageUp, pageDown, home, end
}
