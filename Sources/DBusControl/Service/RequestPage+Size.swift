extension RequestPage {
    /// At least as many bytes as the page takes in a message.
    var sizeBound: Int { self.rows.reduce(0) { $0 + $1.sizeBound } + self.cursor.utf8.count }
}

extension RequestRow {
    private static let fieldsSize = EntrySize.of(Field.allCases.map(\.rawValue))

    /// At least as many bytes as the dictionary of the request takes in a message.
    fileprivate var sizeBound: Int {
        let texts = [
            self.id, self.client, self.project, self.dialect, self.model, self.provider, self.key, self.errorClass,
            self.outcome, self.usedModel, self.quality, self.pricing, self.priceVersion, self.process, self.unit,
            self.user, self.requestBody ?? "", self.answerBody ?? "",
        ]
        return 8 + Self.fieldsSize + texts.reduce(0) { $0 + $1.utf8.count } + EntrySize.of(counts: self.tokens)
            + self.attempts.reduce(EntrySize.array) { $0 + $1.sizeBound }
    }
}

extension RequestRow.Attempt {
    private static let fieldsSize = EntrySize.of(Field.allCases.map(\.rawValue))

    /// At least as many bytes as the dictionary of the attempt takes in a message.
    fileprivate var sizeBound: Int {
        let texts = [
            self.key, self.provider, self.errorClass, self.selection, self.decidedBy, self.model, self.quality,
            self.pricing, self.priceVersion,
        ]
        return 8 + Self.fieldsSize + texts.reduce(0) { $0 + $1.utf8.count } + EntrySize.of(counts: self.tokens)
            + self.passedOver.reduce(EntrySize.array) { $0 + $1.key.utf8.count + $1.value.utf8.count + 24 }
    }
}
