internal import DeviceEnrolment

extension EnrolmentError {
    /// What a command ends with.
    var exitCode: ExitCode {
        if isTemporary { return .temporary }
        switch code {
        case .badText, .badCode, .badAddress: return .usage
        case .malformed, .tooLarge, .otherTrust, .heldTrust, .foreignIssuer, .foreignKey, .foreignName, .wrongUsage, .outOfDate: return .data
        case .codeRefused, .codeLocked, .superseded, .forbidden, .otherIdentity, .identityRefused, .openFolder, .token(isPIN: true): return .noPermission
        case .noIdentity, .fileMissing, .token: return .noInput
        case .otherText: return .warning
        case .running: return .temporary
        case .keyStays: return .configuration
        case .file, .noSpace, .noPlace, .noConfigurationPlace, .readOnly, .foreignFile: return .cannotCreate
        default: return .failure
        }
    }
}
