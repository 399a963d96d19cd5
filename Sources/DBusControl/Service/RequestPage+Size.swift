extension RequestPage {
    /// At least as many bytes as the page takes in a message.
    var sizeBound: Int { self.rows.reduce(0) { $0 + $1.sizeBound } + self.cursor.utf8.count }
}

extension RequestRow {
    /// At least as many bytes as the dictionary of the request takes in a message.
    ///
    /// An entry is a name, a type, a value and what aligns them: less than 52 bytes, texts aside.
    fileprivate var sizeBound: Int {
        let texts = [
            self.id, self.client, self.project, self.dialect, self.model, self.provider, self.key, self.errorClass,
            self.outcome,
        ]
        return Field.allCases.count * 52 + texts.reduce(0) { $0 + $1.utf8.count }
            + self.tokens.keys.reduce(0) { $0 + $1.utf8.count + 32 }
            + self.attempts.reduce(0) { $0 + $1.sizeBound }
    }
}

extension RequestRow.Attempt {
    /// At least as many bytes as the dictionary of the attempt takes in a message.
    fileprivate var sizeBound: Int {
        8 + Field.allCases.count * 52 + self.key.utf8.count + self.provider.utf8.count + self.errorClass.utf8.count
            + self.selection.utf8.count + self.decidedBy.utf8.count
            + self.passedOver.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 32 }
    }
}
