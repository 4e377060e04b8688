public import AttestationFormat

extension FormatError {
    /// What is wrong and where, in words: `label -70007 is missing, at byte 12`.
    public var words: String {
        switch code {
        case .missingLabel(let label): "label \(label) is missing, at byte \(offset)"
        default: "\(Self.separated("\(code)")), at byte \(offset)"
        }
    }

    /// `trailingBytes` → `trailing bytes`, `invalidUTF8` → `invalid UTF8`.
    private static func separated(_ name: String) -> String {
        var words = ""
        var isInsideCapitals = false
        for (character, following) in zip(name, name.dropFirst() + " ") {
            guard character.isUppercase else {
                words.append(character)
                isInsideCapitals = character.isNumber && isInsideCapitals
                continue
            }
            if !isInsideCapitals && !words.isEmpty { words.append(" ") }
            let isAcronym = isInsideCapitals || following.isUppercase
            words += isAcronym ? String(character) : character.lowercased()
            isInsideCapitals = isAcronym
        }
        return words
    }
}
