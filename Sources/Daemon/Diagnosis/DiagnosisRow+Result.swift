import DBusControl

/// What is to be said of something that was looked at.
enum DiagnosisResult: String {
    /// As it should be.
    case ok
    /// It works, and a person should know.
    case warn
    /// It does not work, or is dangerous.
    case fail
}

extension DiagnosisRow {
    /// Makes a row; `subject` is which one of several, `advice` what to do about it.
    init(_ check: String, _ subject: String, _ result: DiagnosisResult, _ message: String, advice: String = "") {
        self.init()
        self.check = check
        self.subject = subject
        self.result = result.rawValue
        self.message = message
        self.advice = advice
    }

    /// Makes a row of something that there is once.
    init(_ check: String, _ result: DiagnosisResult, _ message: String, advice: String = "") {
        self.init(check, "", result, message, advice: advice)
    }
}
