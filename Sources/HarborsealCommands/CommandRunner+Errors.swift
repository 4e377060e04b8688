internal import AllianceTrust
internal import AnchorNode
internal import AttestationFormat
internal import DeviceRegistry
internal import HTTPServing

extension CommandRunner {
    static func describe(_ error: any Error) -> (message: String, nextStep: String?, code: CommandError.Code) {
        switch error {
        case let error as CommandError: (error.message, error.nextStep, error.code)
        case let error as TrustError: (error.message, error.nextStep, code(of: error.code))
        case let error as FormatError: ("malformed: \(error.words)", nil, .malformed)
        case let error as NodeError: (error.message, nil, code(of: error.code))
        case let error as HTTPStartError: (error.message, error.nextStep, code(of: error.code))
        case let error as RegistryError: (error.message, error.nextStep, code(of: error.code))
        default: ("\(error)", nil, .failed)
        }
    }

    private static func code(of code: TrustError.Code) -> CommandError.Code {
        switch code {
        case .certificateForm, .revocationList, .tooLarge, .key: .malformed
        case .unreadable, .token: .noInput
        case .file: .cannotCreate
        case .keyPermissions, .tokenPIN: .noPermission
        case .argument: .usage
        default: .failed
        }
    }

    private static func code(of code: NodeError.Code) -> CommandError.Code {
        switch code {
        case .damagedStore: .malformed
        case .foreignStore, .newerStore, .trustFileRefused, .notInTrustFile, .configuration: .configuration
        case .storeInUse, .keyNotInForce: .temporary
        case .broker: .system
        case .stopped: .failed
        }
    }

    private static func code(of code: HTTPStartError.Code) -> CommandError.Code {
        switch code {
        case .tlsMissing, .tlsUnusable: .configuration
        case .portTaken, .addressAbsent: .temporary
        case .portForbidden: .noPermission
        case .cannotListen: .failed
        }
    }

    private static func code(of code: RegistryError.Code) -> CommandError.Code {
        switch code {
        case .name, .argument, .enrolmentText: .usage
        case .noStore, .foreignStore, .newerStore: .configuration
        case .damagedStore: .malformed
        case .storeBusy, .keyAway, .allianceAway: .temporary
        case .storeFailed: .cannotCreate
        default: .failed
        }
    }
}
