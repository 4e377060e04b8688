internal import AttestationFormat
internal import LogisticsEvents

extension MandatoryField {
    /// The field as a word of `record`; in brackets what has no such word.
    ///
    /// - Parameter quantity: whose unit a measured value has; nil where a reading says it.
    func recordWord(measured quantity: Quantity?) -> UTF8Text {
        switch self {
        case .parent: "what=parent:URI"
        case .parentSSCC: "what=parent:SSCC"
        case .units: "what=URI"
        case .container: "what=CONTAINER"
        case .unitsOrBillOfLading: "what=URI|document.bol=TEXT"
        case .readPoint, .place: "read-point=GLN"
        case .document(let role): "document." + role.text + "=TEXT"
        case .anyDocument: "document.NAME=TEXT"
        case .field(let field): field.name + "=" + field.valueWord(quantity)
        case .position, .readings, .summary, .attachment, .foreignPayload: "[" + key + "]"
        }
    }
}

extension ExtensionField {
    /// What stands behind the equals sign. The other numbers have their unit in their name.
    fileprivate func valueWord(_ quantity: Quantity?) -> UTF8Text {
        switch type {
        case .text: "TEXT"
        case .integer: "NUMBER"
        case .measured: quantity.map { "NUMBER(" + $0.description.userUnit.text + ")" } ?? "NUMBER"
        case .epoch, .bytes: "HEX"
        case .oneOf(let words):
            words.dropFirst().reduce(words.first?.text ?? "") { $0 + "|" + $1.text }
        }
    }
}
