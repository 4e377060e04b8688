internal import AllianceTrust
internal import AttestationFormat

extension CommandRunner {
    static func describe(_ error: any Error) -> (message: String, nextStep: String?, code: CommandError.Code) {
        switch error {
        case let error as CommandError: (error.message, error.nextStep, error.code)
        case let error as TrustError: (error.message, error.nextStep, code(of: error.code))
        case let error as FormatError: ("malformed: \(error.words)", nil, .malformed)
        default: ("\(error)", nil, .failed)
        }
    }

    private static func code(of code: TrustError.Code) -> CommandError.Code {
        switch code {
        case .certificateForm, .revocationList, .tooLarge: .malformed
        case .unreadable: .noInput
        case .argument: .usage
        default: .failed
        }
    }
}
