public import AttestationFormat

/// One thing that is wrong with the configuration: where, what, and what to do.
public struct ConfigurationProblem: Error, Equatable, Sendable {
    /// The stable codes.
    public enum Code: UInt8, Equatable, Sendable {
        // The file and its lines.
        case unreadable, tooManyFiles, lineTooLong, notUTF8, controlCharacter, indented, inlineComment, notAKeyAndValue
        case badSectionHeader, keyOutsideSection, duplicateKey, refusedByParser
        // The schema.
        case unknownSection, unknownKey, badValue, missing, impossible
        // The other layers.
        case badFlag, badEnvironment
    }

    /// The stable code.
    public let code: Code
    /// Where the offending text stands.
    public let origin: ValueOrigin
    /// What is wrong, the value, and what to do, without the place.
    public let reason: UTF8Text

    public init(_ code: Code, at origin: ValueOrigin, _ reason: UTF8Text) {
        self.code = code
        self.origin = origin
        self.reason = reason
    }

    /// `FILE:LINE: reason`, for people.
    public var message: UTF8Text {
        if case .builtIn = origin { return reason }
        return origin.text + ": " + reason
    }
}

/// All problems of a configuration at once, so that one run of `check-config` shows what there is to mend. Never empty.
public struct ConfigurationProblems: Error, Equatable, Sendable {
    /// In the order of the text where there is one.
    public let problems: [ConfigurationProblem]

    public init(_ problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    /// One line a problem.
    public var message: UTF8Text {
        var bytes: [UInt8] = []
        for problem in problems {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
            bytes.append(contentsOf: problem.message.bytes)
        }
        return UTF8Text(validating: bytes) ?? "the configuration is wrong"
    }
}
