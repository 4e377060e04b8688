internal import DeviceEnrolment

extension EnrolmentError {
    /// What a command ends with.
    var exitCode: ExitCode {
        if isTemporary { return .temporary }
        switch code {
        case .badText, .badCode, .badAddress: return .usage
        case .malformed, .tooLarge, .otherTrust, .foreignIssuer, .foreignKey, .foreignName, .wrongUsage, .outOfDate: return .data
        case .codeRefused, .forbidden, .otherIdentity, .identityRefused, .token(isPIN: true): return .noPermission
        case .noIdentity, .fileMissing, .token: return .noInput
        case .keyStays: return .configuration
        case .file, .noSpace: return .cannotCreate
        default: return .failure
        }
    }
}
